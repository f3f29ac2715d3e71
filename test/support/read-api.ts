/** A read API in this process on the shared servers, listening on a free port, with an empty namespace of its own. */
import { createServer } from 'node:http';
import pg from 'pg';
import type { Event } from '../../domain/messages.generated.ts';
import type { Config } from '../../platform/config.ts';
import { listen } from '../../platform/lifecycle.ts';
import { createLogger } from '../../platform/logger.ts';
import { namesOf } from '../../platform/names.ts';
import { createPool } from '../../platform/postgres/index.ts';
import { projections } from '../../projections/catalogue.ts';
import { migrate } from '../../projections/migrate.ts';
import { ReadModels } from '../../projections/read-models.ts';
import { dayIn } from '../../projections/time.ts';
import type { LiveFeed } from '../../read-api/live/live-feed.ts';
import { startReadApi } from '../../read-api/service.ts';
import { dropNamespace, servers } from './servers.ts';

/** `Data` is what the test expects to find; nothing checks it but the test. */
export interface GraphQLAnswer<Data> {
  data: Data;
  errors?: { message: string; path?: string[]; extensions: { code: string } }[];
}

export interface TestReadApi {
  config: Config;
  /** Base URL without trailing slash. */
  url: string;
  pool: pg.Pool;
  live: LiveFeed;
  query<Data = Record<string, unknown>>(
    text: string,
    variables?: Record<string, unknown>,
  ): Promise<GraphQLAnswer<Data>>;
  /** Adds rows to the live generation of a projection's table. */
  insert(projection: string, rows: Record<string, unknown>[]): Promise<void>;
  /** Folds events into every projection, as the next ones of partition 0. */
  record(events: readonly Event[]): Promise<void>;
  stop(): Promise<void>;
}

/** Starts it; `settings` replaces what the shared servers give, such as another Redis. */
export async function startTestReadApi(settings: Partial<Config> & { dashboard?: string } = {}): Promise<TestReadApi> {
  const shared = await servers();
  const config = { ...shared, ...settings };
  await migrate(config);
  const logger = createLogger('read-api', 'silent');
  const failed = (error: Error) => {
    throw error;
  };
  const dashboard = settings.dashboard ?? 'no-such-folder';
  const service = await startReadApi({ config, logger, dashboard, onFailure: failed });
  const { port, close } = await listen(createServer(service.app), { host: '127.0.0.1', port: 0, setting: 'none' });
  const pool = new pg.Pool({ connectionString: shared.postgres, max: 2 });
  const schema = pg.escapeIdentifier(namesOf(config.namespace).postgres.read);
  const url = `http://127.0.0.1:${port}`;

  return {
    config,
    url,
    pool,
    live: service.live,
    query: async (query, variables) => {
      const body = JSON.stringify({ query, variables });
      const headers = { 'content-type': 'application/json', accept: 'application/json' };
      return (await fetch(`${url}/graphql`, { method: 'POST', headers, body })).json();
    },
    insert: async (projection, rows) => {
      const table = `${schema}.${pg.escapeIdentifier(`${projection}_g1`)}`;
      await pool.query(
        `insert into ${table} (${columns(rows)}) select ${columns(rows)} from
        jsonb_populate_recordset(null::${table}, $1)`,
        [JSON.stringify(rows)],
      );
    },
    record: async (events) => {
      const worker = createPool(config, { applicationName: 'test', max: 1 });
      const models = new ReadModels(worker, namesOf(config.namespace).postgres.read, projections);
      const from = (await models.load([0])).get(0) ?? 0;
      const place = { partition: 0, recordedAt: Date.UTC(2026, 5, 1), storeDay: dayIn(config.storeTimeZone) };
      const records = events.map((event, at) => ({ ...place, failure: undefined, offset: from + at, event }));
      await models.commit([{ partition: 0, from, to: from + records.length, records }]).finally(() => worker.end());
    },
    stop: async () => {
      await close();
      await service.stop();
      await pool.end();
      await dropNamespace({ ...shared, namespace: config.namespace });
    },
  };
}

function columns(rows: Record<string, unknown>[]): string {
  return Object.keys(rows[0] ?? {})
    .map((name) => pg.escapeIdentifier(name))
    .join(', ');
}
