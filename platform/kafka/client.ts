import { type Admin, Kafka, logLevel } from 'kafkajs';
import type { Logger } from '../logger.ts';
import { installFastRecords } from './fast-records.ts';

const levels: Record<number, 'error' | 'warn' | 'info' | 'debug'> = {
  [logLevel.ERROR]: 'error',
  [logLevel.WARN]: 'warn',
  [logLevel.INFO]: 'info',
  [logLevel.DEBUG]: 'debug',
};

/**
 * A client for the brokers in the settings. One a process: its connections are shared by what is made from it. With 8
 * `retries` it takes ten seconds to give up: too long where a person waits.
 */
export function createKafka(config: { kafka: string[] }, clientId: string, logger?: Logger, retries = 8): Kafka {
  installFastRecords();
  return new Kafka({
    clientId,
    brokers: config.kafka,
    connectionTimeout: 3000,
    requestTimeout: 15_000,
    retry: { initialRetryTime: 100, maxRetryTime: 2000, retries },
    logLevel: logger ? logLevel.WARN : logLevel.NOTHING,
    logCreator: () => (entry) => {
      const { message, timestamp, logger: kafkajs, ...details } = entry.log;
      logger?.[levels[entry.level] ?? 'debug']({ kafka: details }, message);
    },
  });
}

const AWAY = /^KafkaJS(Connection\w*|RequestTimeout|NoBrokerAvailable|BrokerNotFound)Error$|^KafkaJSBrokerNotFound$/;

/** No broker answers, or not in time: worth trying again later. */
export function isKafkaAway(error: unknown): boolean {
  const { name = '', cause } = (error ?? {}) as { name?: string; cause?: unknown };
  return AWAY.test(name) || (cause !== undefined && isKafkaAway(cause));
}

/** Runs `use` with a connected admin client and disconnects it. */
export async function withAdmin<T>(kafka: Kafka, use: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    return await use(admin);
  } finally {
    await admin.disconnect();
  }
}
