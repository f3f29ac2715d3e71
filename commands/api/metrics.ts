/** What the command API counts and measures, for Prometheus (docs/operations.md says what to watch). */
import type { Request, RequestHandler } from 'express';
import { Counter, counterOf, gaugeOf, Histogram, latencyBuckets, Registry } from '../../platform/metrics.ts';
import type { Load } from './gateway.ts';
import type { Pressure, Reason } from './pressure.ts';
import { BULK_PATH } from './routes.ts';

export interface ApiMeters {
  registry: Registry;
  /** Counts requests by route and status, when they end. */
  requests: RequestHandler;
  /** An outcome came after so many milliseconds. */
  answered(milliseconds: number): void;
  /** No outcome came in time. */
  timedOut(): void;
  /** A command was refused since its client is too fast. */
  rateLimited(): void;
  /** A command was refused since the command side can't take more. */
  refused(reason: Reason): void;
}

export function createApiMeters(): ApiMeters {
  const registry = new Registry();
  const registers = [registry];
  let timeouts = 0;
  let limited = 0;
  const requests = new Counter({
    name: 'sales_api_requests_total',
    help: 'Requests that ended; a stream of commands is one.',
    labelNames: ['route', 'status'],
    registers,
  });
  const outcomeSeconds = new Histogram({
    name: 'sales_api_outcome_seconds',
    help: 'From a command received to its outcome, of those that got one in time.',
    buckets: latencyBuckets,
    registers,
  });
  const refused = new Counter({
    name: 'sales_api_refused_total',
    help: 'Commands refused with 503 before anything was appended, by reason.',
    labelNames: ['reason'],
    registers,
  });
  counterOf(registry, 'sales_api_unknown_total', 'Commands without an outcome in time.', () => timeouts);
  counterOf(registry, 'sales_api_rate_limited_total', 'Commands refused with 429.', () => limited);
  return {
    registry,
    requests(request, response, next) {
      response.once('close', () => {
        requests.inc({ route: routeOf(request), status: response.statusCode });
      });
      next();
    },
    answered: (milliseconds) => outcomeSeconds.observe(milliseconds / 1000),
    timedOut: () => {
      timeouts += 1;
    },
    rateLimited: () => {
      limited += 1;
    },
    refused: (reason) => refused.inc({ reason }),
  };
}

/** As the OpenAPI document names it, never as the client did: there are few of them. */
function routeOf({ method, route }: Request): string {
  if (!route) return 'none';
  return `${method} ${route.path instanceof RegExp ? `${BULK_PATH}/{commandId}` : route.path}`;
}

/** Adds what is measured when somebody asks. */
export function addGauges(
  registry: Registry,
  load: Pick<Load, 'commands'>,
  pressure: Pick<Pressure, 'streams' | 'waiting'>,
  undecided: () => Promise<number>,
): void {
  const inFlight = () => load.commands;
  gaugeOf(registry, 'sales_api_commands_in_flight', 'Commands whose outcome this process awaits.', inFlight);
  gaugeOf(registry, 'sales_api_streams', 'Streams of commands that are open.', () => pressure.streams);
  gaugeOf(registry, 'sales_api_streams_waiting', 'Streams that wait for room.', () => pressure.waiting);
  gaugeOf(
    registry,
    'sales_commands_undecided',
    'Commands in the log, whoever sent them, that are not decided yet.',
    undecided,
  );
}
