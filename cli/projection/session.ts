/** What the commands on projections share: their connections, and which projections are meant. */
import { DevError } from '../../dev/dev-error.ts';
import type { Config } from '../../platform/config.ts';
import { createKafka } from '../../platform/kafka/client.ts';
import { isMissingTopic, topicRanges } from '../../platform/kafka/offsets.ts';
import { type Names, namesOf } from '../../platform/names.ts';
import type { createPool as CreatePool } from '../../platform/postgres/index.ts';
import { createPool, isConnectionLost, isMissingTable } from '../../platform/postgres/index.ts';
import { everything } from '../../projections/operator/names.ts';
import type { Kept } from '../../projections/sql.ts';
import { KafkaUnreachable, PostgresUnreachable, settings } from '../services.ts';
import { WrongArguments } from '../wrong-arguments.ts';

export interface Session {
  config: Config;
  names: Names;
  pool: ReturnType<typeof CreatePool>;
  /** Where the log ends: the next offset of each partition. */
  logEnds(): Promise<Map<number, number>>;
  /** How many projection workers run. One that was killed counts for some seconds more. */
  countWorkers(): Promise<number>;
}

const KAFKA_RETRIES = 3;

/** Opens what is needed for `use`, and closes it. Throws a `DevError` that says what to do. */
export async function withSession<T>(use: (session: Session) => Promise<T>): Promise<T> {
  const config = settings();
  const names = namesOf(config.namespace);
  const pool = createPool(config, { applicationName: 'sales-projection', max: 2 });
  const admin = createKafka(config, 'sales-projection', undefined, KAFKA_RETRIES).admin();
  const logEnds = async () => {
    await admin.connect();
    const ranges = await topicRanges(admin, names.topics.events);
    return new Map([...ranges].map(([partition, { high }]) => [partition, high]));
  };
  const countWorkers = async () => {
    await admin.connect();
    const { groups } = await admin.describeGroups([names.groups.projections]);
    return groups.reduce((sum, { members }) => sum + members.length, 0);
  };
  try {
    return await use({ config, names, pool, logEnds, countWorkers });
  } catch (error) {
    if (error instanceof DevError) throw error;
    throw explained(error, config.namespace);
  } finally {
    await Promise.all([pool.end(), admin.disconnect()]);
  }
}

function explained(error: unknown, namespace: string): unknown {
  if (isMissingTable(error) || isMissingTopic(error)) return noReadModels(namespace, error);
  if (error instanceof Error && error.name.startsWith('KafkaJS')) return new KafkaUnreachable(error);
  return isConnectionLost(error) ? new PostgresUnreachable(error) : error;
}

/** Nothing was set up there. */
export function noReadModels(namespace: string, cause?: unknown): DevError {
  const advice = 'Set it up with: npm start, or node --import tsx dev/setup-main.ts';
  return new DevError(`There are no read models in the namespace ${namespace}.`, advice, { cause });
}

export interface Named {
  all?: boolean;
  json?: boolean;
}

/** The projections that are meant, each once. Throws `WrongArguments` on none, or on a name that there is not. */
export function chosen(given: readonly string[], { all = false }: Named): Kept['projection'][] {
  const known = everything.map(({ name }) => name).join(', ');
  if (all === given.length > 0) throw new WrongArguments('Name projections, or give --all.', `There are ${known}.`);
  if (all) return [...everything];
  return [...new Set(given)].map((name) => {
    const found = everything.find((projection) => projection.name === name);
    if (found) return found;
    throw new WrongArguments(`There is no projection ${name}.`, `There are ${known}.`);
  });
}
