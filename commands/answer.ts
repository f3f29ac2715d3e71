/** The answer to one command, as the processor publishes it and the command API hands it on. */
import type { Outcome } from '../domain/decide.ts';

export interface Answer {
  commandId: string;
  outcome: Outcome['outcome'];
  eventId: string;
  /** "partition:offset" of the event in the events topic. */
  position: string;
  /** The log had this outcome already: nothing was appended. */
  repeated: boolean;
  code?: string;
  detail?: string;
}

/**
 * Where an answer goes: the API instance's channel and its number for the request, as `replyTo` in the command.
 * Undefined when nobody waits, or when a Kafka-native producer wrote something else there.
 */
export function parseReplyTo(replyTo: string | null): { instance: string; request: number } | undefined {
  const match = replyTo?.match(/^([0-9a-f-]{1,64})#(\d{1,15})$/);
  return match?.[1] && match[2] ? { instance: match[1], request: Number(match[2]) } : undefined;
}

export function formatReplyTo(instance: string, request: number): string {
  return `${instance}#${request}`;
}

/** Redis channel of an API instance. */
export function replyChannel(redisPrefix: string, instance: string): string {
  return `${redisPrefix}replies:${instance}`;
}

/** What is published on that channel: request numbers with their answers. */
export type Replies = [request: number, answer: Answer][];
