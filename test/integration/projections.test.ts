import { expect } from 'chai';
import fc from 'fast-check';
import type { Event } from '../../domain/messages.generated.ts';
import { namesOf } from '../../platform/names.ts';
import { projections } from '../../projections/catalogue.ts';
import { migrate } from '../../projections/migrate.ts';
import { arbitraryEvents } from '../support/arbitrary-events.ts';
import { type Bench, openBench } from '../support/projection-worker.ts';
import { until } from '../support/services.ts';

/** A reproducible log of as many commands, half of the documents of today, with ids that begin with `prefix`. */
function someEvents(prefix: string, count: number): Event[] {
  const log = arbitraryEvents({ minLength: count, maxLength: count, prefix, now: Date.now() });
  return fc.sample(log, { seed: 7, numRuns: 1 }).flat();
}

describe('projection worker', function () {
  this.timeout(60_000);
  let bench: Bench;

  beforeEach(async () => {
    bench = await openBench();
  });

  afterEach(async () => {
    await bench.close();
  });

  it('keeps tables and live window equal to a naive fold of the valid events, through restarts', async () => {
    await bench.log.append(someEvents('a', 200));
    const worker = await bench.startWorker();
    await bench.caughtUp();
    await bench.expectEqualToLog();
    await bench.log.append(someEvents('void', 40), { void: true });
    await bench.log.append(someEvents('b', 200));
    await bench.caughtUp();
    await worker.stop();
    await bench.log.append(someEvents('c', 100));
    await bench.startWorker();
    await bench.caughtUp();
    await bench.expectEqualToLog();
    expect(bench.failures).to.deep.equal([]);
  });

  it('announces positions once they are in Postgres and Redis', async () => {
    const listener = await bench.pool.connect();
    const announced = new Map<string, number>();
    listener.on('notification', ({ payload }) => {
      for (const [partition, next] of Object.entries(JSON.parse(payload ?? '{}').positions)) {
        announced.set(partition, Number(next));
      }
    });
    await listener.query(`listen ${namesOf(bench.config.namespace).notifyChannel}`);
    await bench.startWorker();
    await bench.log.append(someEvents('a', 60));
    const ends = await bench.log.ends();
    await until('all is announced', () =>
      [...ends].every(([partition, end]) => (announced.get(`${partition}`) ?? 0) === end),
    );
    await bench.expectEqualToLog();
    listener.release(true);
  });

  it('replays the log to the same rows', async () => {
    await bench.log.append(someEvents('a', 300));
    const first = await bench.startWorker();
    await bench.caughtUp();
    await first.stop();
    const before = await fingerprint(bench);
    await bench.pool.query(`drop schema ${bench.schema} cascade`);
    await Promise.all([migrate(bench.config), migrate(bench.config)]);
    await bench.startWorker();
    await bench.caughtUp();
    expect(await fingerprint(bench)).to.deep.equal(before);
  });

  it('reads the log again when Postgres has lost its last commits', async () => {
    await bench.log.append(someEvents('a', 100));
    await bench.startWorker();
    await bench.caughtUp();
    const kept = await bench.pool.connect();
    await kept.query('begin');
    for (const { name } of projections) await kept.query(`delete from ${bench.schema}.${name}_g1`);
    await kept.query(`update ${bench.schema}.checkpoints set next_offset = 0, last_event_id = null`);
    await kept.query('commit');
    kept.release();
    await bench.log.append(someEvents('b', 100));
    await bench.caughtUp();
    await bench.expectEqualToLog();
  });

  it('shares partitions with a second worker and takes them back', async () => {
    const first = await bench.startWorker();
    const second = await bench.startWorker();
    await until('both are assigned', () => first.isReady() && second.isReady());
    await bench.log.append(someEvents('a', 100));
    await bench.caughtUp();
    await first.stop();
    await bench.log.append(someEvents('b', 100));
    await bench.caughtUp();
    await bench.expectEqualToLog();
    expect(bench.failures).to.deep.equal([]);
  });
});

async function fingerprint({ pool, schema }: Bench): Promise<unknown> {
  const tables = [...projections.map(({ name }) => name), 'checkpoints'];
  return Promise.all(
    tables.map(async (table) => {
      const { rows } = await pool.query(
        `select count(*), md5(string_agg(t::text, e'\\n' order by t::text collate "C")) as md5 from ${schema}.${table} t`,
      );
      return { table, ...rows[0] };
    }),
  );
}
