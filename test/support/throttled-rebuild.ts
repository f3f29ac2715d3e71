import { expect } from 'chai';
import { findOperation, requestOperation } from '../../projections/operations.ts';
import { everything } from '../../projections/operator/names.ts';
import { documents } from './live-traffic.ts';
import { untilEnded } from './operator.ts';
import { type Bench, checkpointsOf } from './projection-worker.ts';
import { until } from './services.ts';

const BOUND_MS = 500;

/**
 * Has live figures lag for `forMs`, since a transaction of somebody else holds one of their rows, and asks for a rebuild
 * of everything that must not let them lag more than half a second: it stands still meanwhile, and goes on afterwards.
 */
export async function rebuildThrottled(bench: Bench, forMs: number): Promise<void> {
  const { pool, schema } = bench;
  const before = await checkpointsOf(bench);
  const other = await pool.connect();
  await other.query('begin');
  await other.query(`update ${schema}.revenue_g1 set orders = orders`);
  await bench.log.append(documents('lagging', 60));
  await until('live figures lag', async () => (await lagOf(bench)) > BOUND_MS);
  const projections = everything.map(({ name }) => name);
  const id = await requestOperation(pool, schema, 'rebuild', { projections, throttleMs: BOUND_MS });
  const progress = async () => (await findOperation(pool, schema, id))?.progress;
  await until('it waits', async () => (await progress())?.step === 'waiting for live figures, which lag');
  await until('they lag long enough', async () => (await lagOf(bench)) > forMs, forMs + 15_000);
  expect(await checkpointsOf(bench)).to.deep.equal(before);
  expect(await progress()).to.deep.equal({ step: 'waiting for live figures, which lag' });
  const { rows } = await pool.query(
    `select distinct next_offset as next from ${schema}.checkpoints join ${schema}.generations using (projection, generation)
     where status = 'building'`,
  );
  expect(rows).to.deep.equal([{ next: 0 }]);
  await other.query('commit');
  other.release();
  const { outcome } = await untilEnded(bench, id);
  expect(outcome).to.deep.include({ promoted: true });
  await bench.caughtUp();
  await bench.expectEqualToLog();
}

/** How long ago the last event was recorded that is in the live figures, ms. */
async function lagOf({ pool, schema }: Bench): Promise<number> {
  const { rows } = await pool.query<{ recorded: Date }>(
    `select max(recorded_at) as recorded from ${schema}.checkpoints where projection = 'revenue' and generation = 1`,
  );
  return Date.now() - (rows[0]?.recorded.getTime() ?? 0);
}
