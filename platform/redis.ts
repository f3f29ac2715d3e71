import { Redis } from 'ioredis';

/**
 * A client that fails fast: a command on a lost connection rejects instead of waiting, since nothing in Redis is worth
 * holding up what is in the log and in Postgres. It reconnects by itself for ever. The caller adds what to do on 'error'.
 */
export function createRedis(config: { redis: string }, name: string): Redis {
  return new Redis(config.redis, {
    connectionName: name,
    lazyConnect: true,
    // What is sent in one turn of the event loop goes out as one write.
    enableAutoPipelining: true,
    maxRetriesPerRequest: 1,
    commandTimeout: 2000,
    retryStrategy: (attempt) => Math.min(100 * attempt, 2000),
  });
}

/** Throws unless Redis never evicts: under any other policy keys could vanish while the fence beside them survives. */
export async function requireNoEviction(redis: Redis): Promise<void> {
  const policy = /^maxmemory_policy:(\S+)/m.exec(await redis.info('memory'))?.[1];
  if (policy === 'noeviction') return;
  throw new Error(
    `Redis evicts keys (maxmemory-policy is ${policy}), so figures could go missing silently. ` +
      'Set maxmemory-policy to noeviction, or use another Redis (REDIS_URL).',
  );
}
