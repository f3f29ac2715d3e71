/** The store that the model uses and the real one are told the same, and must say the same. */
import { expect } from 'chai';
import fc from 'fast-check';
import type pg from 'pg';
import { migrate } from '../../commands/state/migrate.ts';
import { type Checkpoint, createStore, type Store, type StoredEvent } from '../../commands/state/store.ts';
import type { Config } from '../../platform/config.ts';
import { namesOf } from '../../platform/names.ts';
import { createPool } from '../../platform/postgres/index.ts';
import { dropNamespace, servers } from '../support/servers.ts';
import { MemoryStore } from './store.ts';

const PARTITIONS = [0, 1];
/** By partition: a key belongs to one. */
const KEYS = [
  ['a', 'b', 'c'],
  ['d', 'e', 'f'],
];

/** How far what is asked for is off from where the store stands. */
const off = fc.constantFrom(0, 0, 0, 0, 1, -1);
const partition = fc.constantFrom(...PARTITIONS);

const step = fc.oneof(
  fc.record({ what: fc.constant('load' as const), partition, keys: fc.subarray([0, 1, 2]) }),
  fc.record({
    what: fc.constant('flush' as const),
    partition,
    off,
    otherGeneration: off,
    keys: fc.array(fc.constantFrom(null, 0, 1, 2), { maxLength: 4 }),
  }),
  fc.record({ what: fc.constant('rebuild' as const) }),
  fc.record({ what: fc.constant('checkpoint' as const), partition }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

describe('the write-side store', function () {
  this.timeout(60_000);
  let config: Config;
  let pool: pg.Pool;
  let schema: string;
  let real: Store;

  before(async () => {
    config = await servers();
    schema = namesOf(config.namespace).postgres.write;
    await migrate(config);
    pool = createPool(config, { applicationName: 'test', max: 3 });
    real = createStore(pool, schema);
  });

  after(async () => {
    await pool?.end();
    if (config) await dropNamespace(config);
  });

  it('does in Postgres what it does in the model', async () => {
    const rounds = fc.array(fc.array(step, { minLength: 1, maxLength: 3 }), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(rounds, async (steps) => {
        await pool.query(`truncate ${schema}.events_v2, ${schema}.checkpoints_v2`);
        const memory = new MemoryStore();
        for (const partition of PARTITIONS) await real.checkpoint(partition);
        for (const together of steps) await holds(memory, oneEachPartition(together));
      }),
      { numRuns: 60 },
    );
  });

  it('shows events and checkpoint of one moment, whatever is written meanwhile', async () => {
    await pool.query(`truncate ${schema}.events_v2, ${schema}.checkpoints_v2`);
    const { generation } = await real.checkpoint(0);
    let writing = true;
    const write = async () => {
      for (let offset = 0; offset < 300; offset += 1) {
        const event = { offset, key: 'a', commandId: `c${offset}`, bytes: Buffer.from('event') };
        const next = { generation, nextOffset: offset + 1, lastCommand: { offset, id: `c${offset}` } };
        expect(await real.flush(0, offset, next, [event])).to.equal(true);
      }
      writing = false;
    };
    const read = async () => {
      while (writing) {
        const { nextOffset, events } = await real.load(0, ['a']);
        expect(events).to.have.length(nextOffset);
      }
    };
    await Promise.all([write(), read()]);
  });

  /** Does some steps at the same time: their statements are one. */
  async function holds(memory: MemoryStore, steps: readonly Step[]): Promise<void> {
    const answers: [actual: Promise<unknown>, wanted: unknown][] = [];
    for (const one of steps) {
      if (one.what === 'rebuild') await rebuild(memory);
      else answers.push(ask(memory, one));
    }
    for (const [index, [actual, wanted]] of answers.entries()) {
      expect(await actual, JSON.stringify(steps[index])).to.deep.equal(wanted);
    }
  }

  /** Makes another generation of what is there. */
  async function rebuild(memory: MemoryStore): Promise<void> {
    memory.rebuild(PARTITIONS.length, (partition) => {
      const { events, checkpoint } = memory.kept(partition);
      return { events, ...checkpoint };
    });
    await pool.query(`update ${schema}.checkpoints_v2 set generation = generation + 1`);
  }

  function ask(memory: MemoryStore, one: Exclude<Step, { what: 'rebuild' }>): [Promise<unknown>, unknown] {
    const model = memory.readAgo(() => 0);
    const { partition } = one;
    if (one.what === 'checkpoint') return [real.checkpoint(partition), model.checkpoint(partition)];
    if (one.what === 'flush') {
      const request = flushOf(memory, one);
      return [real.flush(...request), model.flush(...request)];
    }
    const keys = one.keys.map((key) => nameOf(partition, key));
    return [real.load(partition, keys), model.load(partition, keys)];
  }

  function flushOf(
    memory: MemoryStore,
    { partition, off, otherGeneration, keys }: Extract<Step, { what: 'flush' }>,
  ): [number, number, Checkpoint, StoredEvent[]] {
    const { nextOffset, generation } = memory.kept(partition).checkpoint;
    const events = keys.map((key, index) => ({
      offset: nextOffset + index,
      key: key === null ? null : nameOf(partition, key),
      commandId: `c${index}`,
      bytes: Buffer.from([partition, index]),
    }));
    const next = nextOffset + keys.length;
    const lastCommand = next === 0 ? undefined : { offset: next, id: `c${next}` };
    const checkpoint = { generation: generation + otherGeneration, nextOffset: next, lastCommand };
    return [partition, nextOffset + off, checkpoint, events];
  }
});

/** Two steps of one partition at once would be two owners, whose order is anybody's guess. */
function oneEachPartition(steps: readonly Step[]): Step[] {
  if (steps.some(({ what }) => what === 'rebuild')) return steps.filter(({ what }) => what === 'rebuild').slice(0, 1);
  const seen = new Set<number>();
  return steps.filter((one) => {
    const isNew = 'partition' in one && !seen.has(one.partition);
    if ('partition' in one) seen.add(one.partition);
    return isNew;
  });
}

function nameOf(partition: number, key: number): string {
  return KEYS[partition]?.[key] ?? '';
}
