/** What the commands on projections share: their connections, and which projections are meant. */
import { DevError } from '../../dev/dev-error.ts';
import type { Config } from '../../platform/config.ts';
import { createKafka, withAdmin } from '../../platform/kafka/client.ts';
import { topicRanges } from '../../platform/kafka/offsets.ts';
import { type Names, namesOf } from '../../platform/names.ts';
import type { createPool as CreatePool } from '../../platform/postgres/index.ts';
import { createPool, isConnectionLost, isMissingTable } from '../../platform/postgres/index.ts';
import { everything } from '../../projections/operator/names.ts';
import type { Kept } from '../../projections/sql.ts';
import { PostgresUnreachable, settings } from '../services.ts';

export interface Session {
  config: Config;
  names: Names;
  pool: ReturnType<typeof CreatePool>;
  /** Where the log ends: the next offset of each partition. */
  logEnds(): Promise<Map<number, number>>;
}

/** Opens what is needed for `use`, and closes it. Throws a `DevError` that says what to do. */
export async function withSession<T>(use: (session: Session) => Promise<T>): Promise<T> {
  const config = settings();
  const names = namesOf(config.namespace);
  const pool = createPool(config, { applicationName: 'sales-projection', max: 2 });
  const logEnds = () =>
    withAdmin(createKafka(config, 'sales-projection'), async (admin) => {
      const ranges = await topicRanges(admin, names.topics.events);
      return new Map([...ranges].map(([partition, { high }]) => [partition, high]));
    });
  try {
    return await use({ config, names, pool, logEnds });
  } catch (error) {
    if (error instanceof DevError) throw error;
    if (isMissingTable(error)) {
      throw new DevError(
        `There are no read models in the namespace ${config.namespace}.`,
        'Set it up with: npm start, or node --import tsx dev/setup-main.ts',
        { cause: error },
      );
    }
    if (isConnectionLost(error)) throw new PostgresUnreachable(error);
    throw error;
  } finally {
    await pool.end();
  }
}

export interface Named {
  all?: boolean;
  json?: boolean;
}

/** The projections that are meant. Throws a `DevError` on none, or on a name that there is not. */
export function chosen(given: readonly string[], { all = false }: Named): Kept['projection'][] {
  const known = everything.map(({ name }) => name).join(', ');
  if (all === given.length > 0) throw new DevError('Name projections, or give --all.', `There are ${known}.`);
  if (all) return [...everything];
  return given.map((name) => {
    const found = everything.find((projection) => projection.name === name);
    if (found) return found;
    throw new DevError(`There is no projection ${name}.`, `There are ${known}.`);
  });
}
