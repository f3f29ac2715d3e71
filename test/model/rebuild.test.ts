/** What rebuilding makes of a log as only faults write it: void records, refusals under a place, keys that are none. */
import { expect } from 'chai';
import fc from 'fast-check';
import type pg from 'pg';
import { rebuildState } from '../../commands/state/rebuild.ts';
import { createStore } from '../../commands/state/store.ts';
import { setUp } from '../../dev/setup.ts';
import type { Config } from '../../platform/config.ts';
import { createAppender } from '../../platform/kafka/append.ts';
import { createKafka } from '../../platform/kafka/client.ts';
import { createLogger } from '../../platform/logger.ts';
import { namesOf } from '../../platform/names.ts';
import { createPool } from '../../platform/postgres/index.ts';
import { type Codec, createCodec } from '../../platform/registry/codec.ts';
import { registeredIds } from '../../schemas/registry.ts';
import { dropNamespace, servers } from '../support/servers.ts';
import { history, play } from './history.ts';
import { keptOf, readPartition } from './reader.ts';
import { format, thisVersion } from './versions.ts';
import type { World } from './world.ts';

const HISTORIES = 30;

describe('a rebuilt write-side state', function () {
  this.timeout(120_000);
  let config: Config;
  let pool: pg.Pool;

  before(async () => {
    config = await servers({ partitions: 2 });
    await setUp(config);
    pool = createPool(config, { applicationName: 'test', max: 3 });
  });

  after(async () => {
    await pool?.end();
    if (config) await dropNamespace(config);
  });

  it('is what a reader of the log would keep', async () => {
    const world = await worstHistory();
    const names = namesOf(config.namespace);
    const codec = createCodec(config.registry, await registeredIds(config.registry, names.topics));
    const kafka = createKafka(config, 'test');
    const appender = await createAppender(kafka);
    for (let partition = 0; partition < world.partitions; partition += 1) {
      const log = world.broker.log('events', partition);
      const records = log.records.map(({ key, value }) => ({ key, value: encodedBy(codec, value) }));
      if (records.length > 0) await appender.append(names.topics.events, partition, records);
    }
    await appender.close();

    const logger = createLogger('test', 'silent');
    await rebuildState({ names, partitions: world.partitions, kafka, codec, pool, logger });
    const store = createStore(pool, names.postgres.write);
    for (let partition = 0; partition < world.partitions; partition += 1) {
      const { events, lastCommand } = keptOf(readPartition(world, partition));
      const { rows } = await pool.query(
        `select "offset", key, coalesce(command_id, key) as id, event from ${names.postgres.write}.events_v2
         where partition = $1 order by "offset"`,
        [partition],
      );
      expect(rows.map(({ offset, key, id, event }) => [offset, key, id, event.toString('hex')])).to.deep.equal(
        events.map(({ offset, key, commandId, bytes }) => [
          offset,
          key,
          commandId,
          encodedBy(codec, bytes).toString('hex'),
        ]),
      );
      expect(await store.checkpoint(partition)).to.deep.include({
        nextOffset: world.broker.log('events', partition).end,
        lastCommand,
      });
    }
  });
});

/** The one of some histories whose log has the most void records. */
async function worstHistory(): Promise<World> {
  let worst: World | undefined;
  for (const one of fc.sample(history, { seed: 1, numRuns: HISTORIES })) {
    const { world } = await play(one, [thisVersion, thisVersion]);
    if (voidRecords(world) > (worst ? voidRecords(worst) : 0)) worst = world;
  }
  if (!worst) throw new Error('no history has a void record');
  return worst;
}

function voidRecords(world: World): number {
  const partitions = Array.from({ length: world.partitions }, (_, partition) => readPartition(world, partition));
  return partitions
    .map(({ partition, standing }) => world.broker.log('events', partition).end - standing.length)
    .reduce((sum, count) => sum + count, 0);
}

/** The same message with the schema ids of the registry. */
function encodedBy(codec: Codec, value: Buffer | null): Buffer {
  return codec.encode(format.decode(value));
}
