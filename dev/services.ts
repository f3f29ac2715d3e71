/** The application's processes, as the supervisor runs them. */
import type { Config } from '../platform/config.ts';

export interface Service {
  name: string;
  title: string;
  /** Script and arguments, from the project's root. */
  args: readonly string[];
  /** Where it says that it is ready; a service without is ready as long as it runs. */
  health: 'own port' | 'read API' | 'command API' | 'none';
}

export const services: readonly Service[] = [
  { name: 'command-api', title: 'Command API', args: ['commands/api/main.ts'], health: 'command API' },
  { name: 'command-processor', title: 'Command processor', args: ['commands/processor/main.ts'], health: 'own port' },
  { name: 'projection-worker', title: 'Projection worker', args: ['projections/worker/main.ts'], health: 'own port' },
  { name: 'operator', title: 'Operator of projections', args: ['projections/operator/main.ts'], health: 'own port' },
  { name: 'read-api', title: 'Read API and dashboard', args: ['read-api/main.ts'], health: 'read API' },
];

/** Sales that keep coming in, so that the dashboard moves. */
export const liveStream: Service = {
  name: 'live-stream',
  title: 'Live stream',
  args: ['cli/main.ts', 'simulate', '--rate', '5'],
  health: 'none',
};

export interface Addresses {
  dashboard: string;
  graphql: string;
  commands: string;
  registry: string;
  /** host:port[,host:port] */
  kafka: string;
  postgres: string;
  redis: string;
}

/** What a client on this machine needs to know: full URLs without trailing slash. */
export function addressesOf(config: Config): Addresses {
  const host = ['0.0.0.0', '::'].includes(config.host) ? '127.0.0.1' : config.host;
  const dashboard = `http://${host}:${config.httpPort}`;
  return {
    dashboard,
    graphql: `${dashboard}/graphql`,
    commands: `http://${host}:${config.commandsPort}`,
    registry: config.registry,
    kafka: config.kafka.join(','),
    postgres: config.postgres,
    redis: config.redis,
  };
}
