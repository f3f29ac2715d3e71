/**
 * Sends commands to the log and waits for their outcomes. What comes alone goes at once. While a request is under way,
 * and for a moment after it, what arrives gathers and goes with the next one, so the number of requests follows the
 * log's speed, not the clients' number.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { keyOf } from '../../domain/decide.ts';
import type { Command } from '../../domain/messages.generated.ts';
import type { Appender } from '../../platform/kafka/append.ts';
import type { Logger } from '../../platform/logger.ts';
import { createPace } from '../../platform/pace.ts';
import type { Codec } from '../../platform/registry/codec.ts';
import { type Answer, formatReplyTo, type Replies, replyChannel } from '../answer.ts';
import type { ApiMeters } from './metrics.ts';
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
  meters: Pick<ApiMeters, 'answered' | 'timedOut'>;
}

/** What is under way. */
export interface Load {
  /** Commands whose outcome is awaited. */
  readonly commands: number;
  /** Bytes of commands that are not acknowledged by the log. */
  bytes: number;
  /** Since when Kafka has had an append to answer, ms since 1970; undefined when it has none. */
  appendingSince: number | undefined;
  /** When an append failed last. */
  appendFailedAt: number;
}

export interface Gateway {
  /**
   * Resolves to the outcome, or to undefined when none came in time: it is unknown then, and sending the same command
   * again is safe. Throws {@link ProblemError}, and nothing was sent, when the command is too large.
   */
  send(command: Command): Promise<Answer | undefined>;
  readonly load: Load;
  close(): Promise<void>;
}

interface Waiting {
  resolve(answer: Answer | undefined): void;
  deadline: number;
}

interface Outgoing {
  key: string;
  value: Buffer;
}

/** A batch ends before it has more commands, or more bytes, than this; one command always goes. */
const BATCH = { commands: 500, bytes: 800_000 };
/**
 * The largest command in the log. Its event has to fit besides (3 MB), and so has that of a refund of all its lines, which
 * names them twice. 2,000 lines of the longest ASCII texts take 1.9 MB.
 */
const MAX_COMMAND_BYTES = 2_100_000;
/** The least time between two requests, so that what comes at the same time gathers: requests cost more than bytes. */
const PACE_MS = 6;
/** How long Kafka is left alone after an append that failed; what waits to be sent goes with the next one. */
const AFTER_FAILURE_MS = 500;
const SWEEP_MS = 250;

export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const { appender, codec, subscriber, topic, partitionOf, logger, timeoutMs, meters } = options;
  const instance = randomUUID();
  const waiting = new Map<number, Waiting>();
  const outgoing: Outgoing[][] = Array.from({ length: options.partitions }, () => []);
  const load: Load = {
    get commands() {
      return waiting.size;
    },
    bytes: 0,
    appendingSince: undefined,
    appendFailedAt: Number.NEGATIVE_INFINITY,
  };
  const pace = createPace(PACE_MS);
  let sending = false;
  let lastRequest = 0;

  const channel = replyChannel(options.redisPrefix, instance);
  subscriber.on('message', (_, text) => {
    const now = Date.now();
    for (const [request, answer] of JSON.parse(text) as Replies) settle(request, answer, now);
  });
  // Redis away: commands are taken and decided all the same, only their answers time out until it is back.
  subscriber.on('ready', () => void subscriber.subscribe(channel).catch(() => {}));
  if (subscriber.status === 'ready') await subscriber.subscribe(channel);

  function settle(request: number, answer: Answer | undefined, now: number): void {
    const found = waiting.get(request);
    if (!found) return;
    waiting.delete(request);
    found.resolve(answer);
    if (answer) meters.answered(now - found.deadline + timeoutMs);
    else meters.timedOut();
  }

  const sweep = setInterval(() => {
    const now = Date.now();
    for (const [request, { deadline }] of waiting) {
      if (deadline > now) break;
      settle(request, undefined, now);
    }
  }, SWEEP_MS);

  /** One request carries what came for all partitions meanwhile. */
  async function sendAll(): Promise<void> {
    for (;;) {
      await pace();
      const batches = takeBatches();
      if (batches.length === 0) break;
      load.appendingSince = Date.now();
      const appended = await Promise.all(batches.map(([partition, batch]) => append(partition, batch)));
      load.appendingSince = undefined;
      if (appended.includes(false)) await delay(AFTER_FAILURE_MS);
    }
    sending = false;
  }

  function takeBatches(): [partition: number, batch: Outgoing[]][] {
    return [...outgoing.entries()]
      .filter(([, waiting]) => waiting.length > 0)
      .map(([partition, waiting]) => [partition, waiting.splice(0, sizeOfBatch(waiting))]);
  }

  /** False when it is unknown whether the batch is in the log: its outcomes come, or time out. */
  async function append(partition: number, batch: Outgoing[]): Promise<boolean> {
    try {
      await appender.append(topic, partition, batch);
      return true;
    } catch (error) {
      load.appendFailedAt = Date.now();
      logger.warn({ err: error, partition, commands: batch.length }, 'it is unknown whether commands were appended');
      return false;
    } finally {
      for (const { value } of batch) load.bytes -= value.length;
    }
  }

  return {
    send(command) {
      const request = ++lastRequest;
      const key = keyOf(command);
      command.data.replyTo = formatReplyTo(instance, request);
      const value = codec.encode(command);
      if (value.length > MAX_COMMAND_BYTES) throw new ProblemError(problems.tooLarge(tooLarge(value.length)));
      load.bytes += value.length;
      outgoing[partitionOf(key)]?.push({ key, value });
      if (!sending) {
        sending = true;
        void sendAll();
      }
      return new Promise((resolve) => {
        waiting.set(request, { resolve, deadline: Date.now() + timeoutMs });
      });
    },
    load,
    async close() {
      clearInterval(sweep);
      for (const { resolve } of waiting.values()) resolve(undefined);
      waiting.clear();
    },
  };
}

function tooLarge(bytes: number): string {
  return (
    `the command takes ${bytes} bytes in the log, and at most ${MAX_COMMAND_BYTES} are allowed; shorten its texts, or ` +
    'send it as several'
  );
}

function sizeOfBatch(waiting: readonly Outgoing[]): number {
  let bytes = 0;
  const end = waiting.findIndex(({ value }, index) => {
    bytes += value.length;
    return index > 0 && (index === BATCH.commands || bytes > BATCH.bytes);
  });
  return end < 0 ? waiting.length : end;
}
