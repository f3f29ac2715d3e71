/**
 * Sends any number of commands over one streaming `POST /commands` and gives their outcomes in the same order.
 *
 * What has no answer yet when the connection breaks is sent again: ids make that safe, the same command twice is
 * recorded once. Memory is bounded by what is in flight, on both sides: a slow server slows the source down, and so
 * does a slow reader of the outcomes.
 */
import { Flight } from './command-flight.ts';
import type { CommandJson, Outcome } from './command-json.ts';

export interface Answered<C> {
  command: C;
  outcome: Outcome;
  /** It went out more than once, so that `repeated` may speak of this very sending. */
  resent: boolean;
}

export interface SendOptions {
  /** Sent as the bearer of every request. */
  apiKey?: string | undefined;
  /** Commands sent and not yet handed to the reader, 2,000 by default. */
  maxInFlight?: number;
  /** The same in bytes of JSON, 8 MB by default. */
  maxInFlightBytes?: number;
  /** How long to try without a single answer before giving up, 60 s by default; Infinity for ever. */
  giveUpAfterMs?: number;
  /** Takes no more commands, brings in the answers still on their way for up to 3 s, and ends. */
  signal?: AbortSignal;
  /** The connection failed; it is tried again after `delayMs`. */
  onRetry?: (reason: string, delayMs: number) => void;
}

export async function* sendCommands<C extends CommandJson>(
  commandsUrl: string,
  source: Iterable<C> | AsyncIterable<C>,
  options: SendOptions = {},
): AsyncGenerator<Answered<C>, void, undefined> {
  const flight = new Flight<C>(`${commandsUrl}/commands`, options);
  void flight.take(source);
  try {
    for (;;) {
      for (let slot = flight.next(); slot; slot = flight.next()) {
        yield { command: slot.command, outcome: slot.outcome, resent: slot.sends > 1 };
      }
      if (flight.failure) throw flight.failure;
      if (flight.done) return;
      await flight.changed();
    }
  } finally {
    flight.close();
  }
}
