/**
 * Sends commands to the log and waits for their outcomes. While a request is under way, what arrives gathers and goes
 * with the next one, so the number of requests follows the log's speed, not the clients' number.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { keyOf } from '../../domain/decide.ts';
import type { Command } from '../../domain/messages.generated.ts';
import type { Appender } from '../../platform/kafka/append.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Codec } from '../../platform/registry/codec.ts';
import { type Answer, formatReplyTo, type Replies, replyChannel } from '../answer.ts';
import { ProblemError, problems } from './problem.ts';

export interface GatewayOptions {
  appender: Appender;
  codec: Codec;
  /** A connection of its own: it is subscribed. */
  subscriber: Redis;
  redisPrefix: string;
  topic: string;
  partitions: number;
  partitionOf(key: string): number;
  logger: Logger;
  /** How long to wait for an outcome, ms. */
  timeoutMs: number;
}

export interface Gateway {
  /**
   * Resolves to the outcome, or to undefined when none came in time: it is unknown then, and sending the same command
   * again is safe. Rejects with {@link ProblemError} when the log can't be written.
   */
  send(command: Command): Promise<Answer | undefined>;
  close(): Promise<void>;
}

interface Waiting {
  resolve(answer: Answer | undefined): void;
  reject(error: unknown): void;
  deadline: number;
}

interface Outgoing {
  key: string;
  value: Buffer;
  request: number;
}

/** A batch ends before it has more commands, or more bytes, than this; one command always goes. */
const BATCH = { commands: 500, bytes: 800_000 };
/** Every request costs the broker and both sides more than waiting this long does. */
const LINGER_MS = 8;
const SWEEP_MS = 250;

export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const { appender, codec, subscriber, topic, partitionOf, logger, timeoutMs } = options;
  const instance = randomUUID();
  const waiting = new Map<number, Waiting>();
  const outgoing: Outgoing[][] = Array.from({ length: options.partitions }, () => []);
  let sending = false;
  let lastRequest = 0;

  const channel = replyChannel(options.redisPrefix, instance);
  subscriber.on('message', (_, text) => {
    for (const [request, answer] of JSON.parse(text) as Replies) settle(request, (one) => one.resolve(answer));
  });
  // Redis away: commands are taken and decided all the same, only their answers time out until it is back.
  subscriber.on('ready', () => void subscriber.subscribe(channel).catch(() => {}));
  if (subscriber.status === 'ready') await subscriber.subscribe(channel);

  function settle(request: number, how: (waiting: Waiting) => void): void {
    const found = waiting.get(request);
    if (!found) return;
    waiting.delete(request);
    how(found);
  }

  const sweep = setInterval(() => {
    const now = Date.now();
    for (const [request, { deadline }] of waiting) {
      if (deadline > now) break;
      settle(request, (one) => one.resolve(undefined));
    }
  }, SWEEP_MS);

  /** One request carries what came for all partitions meanwhile. */
  async function sendAll(): Promise<void> {
    await delay(LINGER_MS);
    for (let batches = takeBatches(); batches.length > 0; batches = takeBatches()) {
      await Promise.all(batches.map(([partition, batch]) => append(partition, batch)));
    }
    sending = false;
  }

  function takeBatches(): [partition: number, batch: Outgoing[]][] {
    return [...outgoing.entries()]
      .filter(([, waiting]) => waiting.length > 0)
      .map(([partition, waiting]) => [partition, waiting.splice(0, sizeOfBatch(waiting))]);
  }

  async function append(partition: number, batch: Outgoing[]): Promise<void> {
    try {
      await appender.append(topic, partition, batch);
    } catch (error) {
      logger.warn({ err: error, partition }, 'commands could not be appended');
      const problem = problems.unavailable('The log can not be written now. Send the same command again: it is safe.');
      for (const { request } of batch) settle(request, (one) => one.reject(new ProblemError(problem)));
    }
  }

  return {
    send(command) {
      const request = ++lastRequest;
      const key = keyOf(command);
      command.data.replyTo = formatReplyTo(instance, request);
      const partition = partitionOf(key);
      outgoing[partition]?.push({ key, value: codec.encode(command), request });
      if (!sending) {
        sending = true;
        void sendAll();
      }
      return new Promise((resolve, reject) => {
        waiting.set(request, { resolve, reject, deadline: Date.now() + timeoutMs });
      });
    },
    async close() {
      clearInterval(sweep);
      for (const { resolve } of waiting.values()) resolve(undefined);
      waiting.clear();
    },
  };
}

function sizeOfBatch(waiting: readonly Outgoing[]): number {
  let bytes = 0;
  const end = waiting.findIndex(({ value }, index) => {
    bytes += value.length;
    return index > 0 && (index === BATCH.commands || bytes > BATCH.bytes);
  });
  return end < 0 ? waiting.length : end;
}
