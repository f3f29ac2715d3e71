/** One real question to each kind of server. Each throws when the answer is missing or wrong, within two seconds. */
import { Redis } from 'ioredis';
import { Kafka, logLevel } from 'kafkajs';
import pg from 'pg';
import type { ServerName } from './server.ts';

const patienceMs = 2000;

export const probes: Record<ServerName, (address: string) => Promise<void>> = {
  kafka: probeKafka,
  registry: probeRegistry,
  postgres: probePostgres,
  redis: probeRedis,
};

async function probeKafka(brokers: string): Promise<void> {
  const kafka = new Kafka({
    clientId: 'probe',
    brokers: brokers.split(','),
    connectionTimeout: patienceMs,
    requestTimeout: patienceMs,
    retry: { retries: 0 },
    logLevel: logLevel.NOTHING,
  });
  const admin = kafka.admin();
  try {
    await admin.connect();
    const { controller } = await admin.describeCluster();
    if (controller === null) throw new Error('no controller is elected yet');
  } finally {
    await admin.disconnect();
  }
}

async function probeRegistry(url: string): Promise<void> {
  const response = await fetch(`${url}/subjects`, { signal: AbortSignal.timeout(patienceMs) });
  if (!response.ok) throw new Error(`${url}/subjects answers ${response.status}`);
  if (!Array.isArray(await response.json())) throw new Error(`${url} is not a Confluent-compatible registry`);
}

async function probePostgres(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: patienceMs });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('select 1');
  } finally {
    await client.end();
  }
}

async function probeRedis(url: string): Promise<void> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: patienceMs,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  redis.on('error', () => {});
  try {
    await redis.connect();
    await redis.ping();
  } finally {
    redis.disconnect();
  }
}
