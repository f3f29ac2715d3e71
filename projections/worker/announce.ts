import type pg from 'pg';
import type { Logger } from '../../platform/logger.ts';
import type { Positions } from '../read-models.ts';

/** One NOTIFY a batch. Readers poll besides, so one that is lost costs a second and no more. */
export async function announce(pool: pg.Pool, channel: string, positions: Positions, logger: Logger): Promise<void> {
  const payload = JSON.stringify({ positions: Object.fromEntries(positions) });
  await pool
    .query({ name: 'announce', text: 'select pg_notify($1, $2)', values: [channel, payload] })
    .catch((error) => logger.warn({ err: error }, 'positions not announced; readers will find them by polling'));
}
