import { expect } from 'chai';
import type { Config } from '../../platform/config.ts';
import { type Names, namesOf } from '../../platform/names.ts';
import { registerAll, registeredIds } from '../../schemas/registry.ts';
import { type FaultyRegistry, startFaultyRegistry } from '../support/faulty-registry.ts';
import { dropNamespace, servers } from '../support/servers.ts';

describe('registering the schemas', () => {
  let config: Config;
  let topics: Names['topics'];
  let registry: FaultyRegistry;

  beforeEach(async () => {
    config = await servers();
    topics = namesOf(config.namespace).topics;
    registry = await startFaultyRegistry(config.registry);
  });

  afterEach(async () => {
    registry?.close();
    if (config) await dropNamespace(config);
  });

  it('goes on when the registry fails now and then, and answers the ids that everybody finds', async () => {
    registry.failures = 4;
    const ids = await registerAll(registry.url, topics);
    expect(registry.failures).to.equal(0);
    expect(await registeredIds(config.registry, topics)).to.deep.equal(ids);
    expect(await registerAll(config.registry, topics)).to.deep.equal(ids);
  });

  it('gives up, with the subject and the answer, when it goes on failing', async () => {
    registry.failures = 1000;
    const error = await registerAll(registry.url, topics).catch((failed: Error) => failed);
    expect(error).to.be.an('error').with.property('message');
    expect((error as Error).message).to.match(
      /^Schema t_\w+\.commands-sales\.commands\.RecordSale at .*500.*on purpose/,
    );
    expect(registry.failures).to.equal(995);
  });

  it('names what set-up has not registered', async () => {
    const error = await registeredIds(registry.url, topics).catch((failed: Error) => failed);
    expect((error as Error).message).to.include('it is not registered; run the set-up of this version first');
  });
});
