import { type Logger, pino } from 'pino';

export type { Logger };

/** JSON lines on standard output, one logger a process. */
export function createLogger(service: string, level = 'info'): Logger {
  return pino({ level, base: { service }, timestamp: pino.stdTimeFunctions.isoTime });
}
