/** The API keys of an installation, in Postgres. */
import type pg from 'pg';
import { generateKey } from './key.ts';
import { granted, type Scope } from './scopes.ts';

/** A key as operators see it. */
export interface KeyRecord {
  id: string;
  name: string;
  scopes: Scope[];
  /** Commands a second; null: as the settings have it. */
  rate: number | null;
  createdAt: Date;
  expiresAt: Date | null;
  /** To the minute. */
  lastUsedAt: Date | null;
  revokedAt: Date | null;
}

/** A key as requests are checked against it. */
export interface ActiveKey {
  id: string;
  secretHash: Buffer;
  scopes: ReadonlySet<Scope>;
  /** Commands a second, if the key has a rate of its own. */
  rate: number | undefined;
  /** Milliseconds since 1970; Infinity: never. */
  expiresAt: number;
}

export type NewKey = Pick<KeyRecord, 'name' | 'scopes' | 'rate' | 'expiresAt'>;

export interface KeyStore {
  /** Makes a key and gives its text, which can't be had again. */
  create(key: NewKey): Promise<{ id: string; text: string }>;
  /** All keys there ever were, oldest first. */
  list(): Promise<KeyRecord[]>;
  /** When it was revoked, now or before; undefined when there is no such key. */
  revoke(id: string): Promise<Date | undefined>;
  /** Notes which keys were used, and gives all that are neither revoked nor expired. */
  loadActive(used: readonly string[]): Promise<ActiveKey[]>;
}

const QUERY_TIMEOUT_MS = 3000;

/** `schema` is the one of the keys (`platform/names.ts`). */
export function createKeyStore(pool: pg.Pool, schema: string): KeyStore {
  const table = `${schema}.api_keys`;
  return {
    async create({ name, scopes, rate, expiresAt }) {
      const { id, text, hash } = generateKey();
      await pool.query(
        `insert into ${table} (id, name, secret_hash, scopes, rate, expires_at) values ($1, $2, $3, $4, $5, $6)`,
        [id, name, hash, scopes, rate, expiresAt],
      );
      return { id, text };
    },
    async list() {
      const { rows } = await pool.query<KeyRecord>(
        `select id, name, scopes, rate, created_at as "createdAt", expires_at as "expiresAt",
                last_used_at as "lastUsedAt", revoked_at as "revokedAt"
         from ${table} order by created_at, id`,
      );
      return rows;
    },
    async revoke(id) {
      const { rows } = await pool.query<{ revoked_at: Date }>(
        `update ${table} set revoked_at = coalesce(revoked_at, now()) where id = $1 returning revoked_at`,
        [id],
      );
      return rows[0]?.revoked_at;
    },
    async loadActive(used) {
      const { rows } = await pool.query({
        name: 'load-keys',
        text: `with noted as (
                 update ${table} set last_used_at = date_trunc('minute', now())
                 where id = any($1) and (last_used_at is null or last_used_at < date_trunc('minute', now())))
               select id, secret_hash, scopes, rate, expires_at from ${table}
               where revoked_at is null and (expires_at is null or expires_at > now())`,
        values: [used],
        query_timeout: QUERY_TIMEOUT_MS,
      } as pg.QueryConfig);
      return rows.map((row) => ({
        id: row.id,
        secretHash: row.secret_hash,
        scopes: granted(row.scopes),
        rate: row.rate ?? undefined,
        expiresAt: row.expires_at?.getTime() ?? Number.POSITIVE_INFINITY,
      }));
    },
  };
}
