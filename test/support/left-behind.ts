import { expect } from 'chai';
import { namesOf } from '../../platform/names.ts';
import { listGenerations } from '../../projections/generations.ts';
import { everything } from '../../projections/operator/names.ts';
import type { Bench } from './projection-worker.ts';

/** Every projection has these generations ("number status"), and no table, checkpoint or window is there besides. */
export async function expectNothingLeft(bench: Bench, generations: readonly string[]): Promise<void> {
  const { pool, schema, redis, config } = bench;
  const found = await listGenerations(pool, schema);
  for (const { name } of everything) {
    const own = found.filter(({ projection }) => projection === name);
    expect(own.map(({ generation, status }) => `${generation} ${status}`)).to.deep.equal(generations, name);
  }
  const all = found.map(({ projection, generation }) => `${projection}_g${generation}`).sort();
  const tables = await pool.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = $1::regnamespace and relkind = 'r' and relname ~ '_g[0-9]+$'`,
    [schema],
  );
  const withTables = all.filter((name) => !name.startsWith('live_window'));
  expect(tables.rows.map(({ name }) => name).sort()).to.deep.equal(withTables);
  const checkpoints = await pool.query<{ name: string; count: number }>(
    `select projection || '_g' || generation as name, count(*) from ${schema}.checkpoints group by 1`,
  );
  expect(checkpoints.rows.map(({ name }) => name).sort()).to.deep.equal(all);
  expect(new Set(checkpoints.rows.map(({ count }) => count))).to.deep.equal(new Set([config.partitions]));
  const keys = await redis.keys(`${namesOf(config.namespace).redisPrefix}live:*`);
  const windows = new Set(keys.map((key) => `live_window_g${key.split(':')[2]}`));
  expect([...windows].sort()).to.deep.equal(all.filter((name) => name.startsWith('live_window')));
}
