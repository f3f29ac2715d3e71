/** API keys of an installation whose older version kept them beside the write-side state. */
import { expect } from 'chai';
import type pg from 'pg';
import { isSecret, parseKey } from '../../commands/keys/key.ts';
import { migrate } from '../../commands/keys/migrate.ts';
import { createKeyStore, type KeyStore } from '../../commands/keys/store.ts';
import { migrate as migrateState } from '../../commands/state/migrate.ts';
import type { Config } from '../../platform/config.ts';
import { type Names, namesOf } from '../../platform/names.ts';
import { createPool } from '../../platform/postgres/index.ts';
import { dropNamespace, servers } from '../support/servers.ts';

describe('API keys beside the write-side state', function () {
  this.timeout(60_000);
  let config: Config;
  let schemas: Names['postgres'];
  let pool: pg.Pool;
  let store: KeyStore;

  beforeEach(async () => {
    config = await servers();
    schemas = namesOf(config.namespace).postgres;
    pool = createPool(config, { applicationName: 'test' });
    store = createKeyStore(pool, schemas.keys);
    await migrateState(config);
  });

  afterEach(async () => {
    await pool.end();
    await dropNamespace(config);
  });

  async function createOldTable(): Promise<KeyStore> {
    await pool.query(`create table ${schemas.write}.api_keys (
      id text primary key, name text not null, secret_hash bytea not null, scopes text[] not null, rate integer,
      created_at timestamptz not null default now(), expires_at timestamptz, last_used_at timestamptz,
      revoked_at timestamptz)`);
    return createKeyStore(pool, schemas.write);
  }

  const key = (name: string) => ({
    name,
    scopes: ['sales:write' as const],
    rate: 7,
    expiresAt: new Date('2040-01-01'),
  });

  it('move into a schema of their own with all that is known of them, and outlive that state', async () => {
    const old = await createOldTable();
    const { id: till, text } = await old.create(key('till'));
    await old.revoke((await old.create(key('lost'))).id);
    const kept = await old.list();
    await Promise.all([migrate(config), migrate(config)]);
    await pool.query(`drop schema ${schemas.write} cascade`);
    await migrateState(config);
    await migrate(config);
    expect(await store.list()).to.deep.equal(kept);
    const [active, ...others] = await store.loadActive([]);
    expect([active?.id, active?.rate, others.length]).to.deep.equal([till, 7, 0]);
    expect(isSecret(parseKey(text)?.secret ?? '', active?.secretHash ?? Buffer.alloc(32))).to.equal(true);
  });

  it('are taken over again after an older version has run once more', async () => {
    await migrate(config);
    const { id: both } = await store.create(key('both'));
    const { id: revokedHere } = await store.create(key('revoked here'));
    const old = await createOldTable();
    await pool.query(`insert into ${schemas.write}.api_keys select * from ${schemas.keys}.api_keys`);
    await store.revoke(revokedHere);
    await old.revoke(both);
    const { id: made } = await old.create(key('made there'));
    await migrate(config);
    const active = (await store.loadActive([])).map(({ id }) => id);
    expect(active).to.deep.equal([made]);
    expect((await store.list()).map(({ name }) => name)).to.have.members(['both', 'revoked here', 'made there']);
    const { rows } = await pool.query('select to_regclass($1) as left', [`${schemas.write}.api_keys`]);
    expect(rows).to.deep.equal([{ left: null }]);
  });
});
