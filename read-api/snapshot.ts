import type pg from 'pg';
import { isConnectionLost } from '../platform/postgres/index.ts';
import { apiError } from './errors.ts';

/** The read models as they stood at one moment. Everything asked of one snapshot belongs together. */
export interface Snapshot {
  /** Rows of one statement. Throws DATABASE_UNAVAILABLE or NOT_READY with what to do. */
  rows<Row extends pg.QueryResultRow>(sql: string, parameters: unknown[]): Promise<Row[]>;
  /** Gives the connection back. Always to be called, at the end of the request. */
  close(): Promise<void>;
}

/** Milliseconds after which Postgres gives up on one statement. */
const STATEMENT_TIMEOUT = 15_000;

const BEGIN = `begin isolation level repeatable read read only; set local statement_timeout = ${STATEMENT_TIMEOUT}`;
/** Of a table or a column: a read model that is not there yet, or was made by another version. */
const UNDEFINED = ['42P01', '42703'];
const QUERY_CANCELED = '57014';

/** Takes a connection at the first statement only: a request that asks nothing of Postgres costs it nothing. */
export function openSnapshot(pool: pg.Pool): Snapshot {
  let opened: Promise<pg.PoolClient> | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let closed = false;

  // One statement at a time, also when fields are resolved side by side: that is all that a connection can do.
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = last.then(work, work);
    last = turn.catch(() => {});
    return turn;
  };

  return {
    rows: (sql, parameters) =>
      inTurn(async () => {
        if (closed) throw new Error('The snapshot is closed');
        try {
          opened ??= begin(pool);
          return (await (await opened).query(sql, parameters)).rows;
        } catch (error) {
          throw explain(error);
        }
      }),
    close: () =>
      inTurn(async () => {
        closed = true;
        const client = await opened?.catch(() => undefined);
        if (client) await end(client);
      }),
  };
}

async function begin(pool: pg.Pool): Promise<pg.PoolClient> {
  const client = await pool.connect();
  client.on('error', ignore);
  try {
    await client.query(BEGIN);
    return client;
  } catch (error) {
    client.off('error', ignore);
    client.release(true);
    throw error;
  }
}

async function end(client: pg.PoolClient): Promise<void> {
  const ended = await client.query('rollback').then(
    () => true,
    () => false,
  );
  client.off('error', ignore);
  client.release(!ended);
}

/** A connection that breaks while it waits fails the next statement: that is soon enough. Unheard it would end the process. */
function ignore(): void {}

function explain(error: unknown): unknown {
  const state = (error as { code?: unknown } | null)?.code;
  if (typeof state === 'string' && UNDEFINED.includes(state)) {
    return apiError(
      'NOT_READY',
      'The read models do not exist yet, or are being rebuilt. Start the projections, then try again.',
      {
        cause: error,
      },
    );
  }
  if (state === QUERY_CANCELED) {
    const seconds = STATEMENT_TIMEOUT / 1000;
    return apiError('RANGE_TOO_LARGE', `This took longer than ${seconds} seconds. Ask for a shorter range.`, {
      cause: error,
    });
  }
  if (isConnectionLost(error)) {
    return apiError('DATABASE_UNAVAILABLE', 'Postgres cannot be reached at the moment. Try again in a few seconds.', {
      cause: error,
    });
  }
  return error;
}
