/**
 * Remembers when the demo's past ends, so that seeding again adds nothing. It lies beside the command side's own
 * tables: it lives and dies with the data of one installation, needs no server that isn't there anyway, and rebuilding
 * read models doesn't touch it.
 */
import type pg from 'pg';
import type { Anchor } from './dataset.ts';

export interface StoredAnchor extends Anchor {
  /** Every command of the seed was answered. */
  loaded: boolean;
}

/** The stored anchor; `first` becomes it when there is none. */
export async function keepAnchor(pool: pg.Pool, schema: string, first: Anchor): Promise<StoredAnchor> {
  await pool.query(`create schema if not exists ${schema}`);
  await pool.query(`
    create table if not exists ${schema}.seed (
      only_row boolean primary key default true check (only_row),
      anchor timestamptz not null,
      time_zone text not null,
      loaded_at timestamptz
    )`);
  await pool.query(`insert into ${schema}.seed (anchor, time_zone) values ($1, $2) on conflict do nothing`, [
    new Date(first.at),
    first.timeZone,
  ]);
  const { rows } = await pool.query<{ anchor: Date; time_zone: string; loaded_at: Date | null }>(
    `select anchor, time_zone, loaded_at from ${schema}.seed`,
  );
  const [row] = rows;
  if (!row) throw new Error(`${schema}.seed lost its row while it was read`);
  return { at: row.anchor.getTime(), timeZone: row.time_zone, loaded: row.loaded_at !== null };
}

export async function markLoaded(pool: pg.Pool, schema: string): Promise<void> {
  await pool.query(`update ${schema}.seed set loaded_at = coalesce(loaded_at, now())`);
}
