/** The demo: seeded once, whatever happens, and a live stream that survives a restart of the command API. */
import { expect } from 'chai';
import { SEED_COMMANDS } from '../../dev/seed/dataset.ts';
import { loadSeed, type SeedOptions } from '../../dev/seed/load.ts';
import { simulate } from '../../dev/simulator/simulate.ts';
import type { Config } from '../../platform/config.ts';
import { dropNamespace, servers } from '../support/servers.ts';
import { type Services, startServices, until } from '../support/services.ts';

describe('The demo data', function () {
  this.timeout(120_000);
  const anchor = Date.parse('2025-06-15T14:00:00Z');
  let config: Config;
  let services: Services;

  before(async () => {
    config = await servers();
    services = await startServices(config, ['command-api', 'command-processor']);
  });
  after(async () => {
    await services?.stop();
    if (config) await dropNamespace(config);
  });

  const load = (options: Partial<SeedOptions> = {}) =>
    loadSeed({ config, commandsUrl: services.commandsUrl, ...options });

  it('is loaded as far as it got when interrupted', async () => {
    const controller = new AbortController();
    const onProgress = (done: number) => done >= 1000 && controller.abort();
    const result = await load({ anchor, signal: controller.signal, onProgress });
    expect(result.interrupted).to.equal(true);
    expect(result.recorded).to.be.within(1000, SEED_COMMANDS - 1);
  });

  it('goes on where it was, with the anchor of the first time', async () => {
    const result = await load();
    expect(result).to.include({ interrupted: false });
    expect(result.anchor).to.deep.equal({ at: anchor, timeZone: 'UTC' });
    expect(result.recorded + result.alreadyThere).to.equal(SEED_COMMANDS);
    expect(result.alreadyThere).to.be.at.least(1000);
  });

  it('adds nothing again', async () => {
    expect(await load()).to.include({ recorded: 0, alreadyThere: SEED_COMMANDS });
    expect(await load({ anchor })).to.include({ recorded: 0 });
    const error = await load({ anchor: anchor + 1 }).catch((reason) => reason);
    expect(error.message).to.contain('2025-06-15T14:00:00.000Z').and.to.contain('--fresh');
  });

  it('is followed by a stream that keeps its rate, and goes on when the command API comes back', async () => {
    const controller = new AbortController();
    let lost = 0;
    const { counts, done } = simulate({
      commandsUrl: services.commandsUrl,
      rate: 200,
      currency: 'EUR',
      irregular: false,
      signal: controller.signal,
      onRetry: () => {
        lost += 1;
      },
    });
    await until('a second is streamed', () => counts.accepted >= 200);
    await services.kill('command-api', 'SIGKILL');
    await until('it is missed', () => lost > 0);
    const before = counts.accepted;
    await services.start('command-api');
    await until('it goes on', () => counts.accepted >= before + 400);
    controller.abort();
    await done;
    expect(counts.refused, counts.lastRefusal).to.equal(0);
  });
});
