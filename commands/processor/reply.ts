import type { Redis } from 'ioredis';
import type { Logger } from '../../platform/logger.ts';
import { type Answer, parseReplyTo, type Replies, replyChannel } from '../answer.ts';
import type { Decided } from './batch.ts';

/**
 * Publishes answers to the API instances that wait for them, one message an instance. Redis away: they time out,
 * and the log has the outcome all the same.
 */
export function createReplier(redis: Redis, redisPrefix: string, partition: number, logger: Logger) {
  return (batch: readonly Decided[]): void => {
    const byInstance = new Map<string, Replies>();
    for (const decided of batch) {
      const { command } = decided.received;
      const replyTo = command && parseReplyTo(command.data.replyTo);
      if (!command || !replyTo) continue;
      const replies = byInstance.get(replyTo.instance) ?? [];
      byInstance.set(replyTo.instance, replies);
      replies.push([replyTo.request, answerOf(decided, command.data.commandId, partition)]);
    }
    for (const [instance, replies] of byInstance) {
      redis
        .publish(replyChannel(redisPrefix, instance), JSON.stringify(replies))
        .catch((error) => logger.debug({ err: error }, 'answers not published'));
    }
  };
}

function answerOf({ outcome, appended }: Decided, commandId: string, partition: number): Answer {
  const { offset, ...rest } = outcome;
  return { commandId, ...rest, position: `${partition}:${offset}`, repeated: appended === undefined };
}
