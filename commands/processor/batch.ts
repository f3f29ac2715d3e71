/** Decides a run of commands as one record batch: pure, given the states of their keys. */
import { decide, type Outcome, outcomeOf, rejection } from '../../domain/decide.ts';
import { evolve, initialState, type NewEvent, type State } from '../../domain/state.ts';
import { type Codec, type Message, TooLargeError } from '../../platform/registry/codec.ts';
import type { Received } from './received.ts';

/** One command's decision. `appended` is what the batch has to append for it; a repeat has none. */
export interface Decided {
  received: Received;
  outcome: Outcome;
  appended?: { event: NewEvent; bytes: Buffer };
  /** Why the command's bytes are to be kept aside: nobody could decide it, or it breaks the rules in itself. */
  parkAs?: string;
}

export interface BatchLimits {
  /** A batch is cut after the command that reaches this. */
  bytes: number;
  /** The largest event that the topic takes. */
  eventBytes: number;
}

/**
 * Decides commands in order, each on the state that those before it in the batch leave. `position` is where the first
 * event is expected to land. Cuts the batch between commands when it is large enough.
 */
export function decideBatch(
  commands: readonly Received[],
  position: number,
  stateOf: (key: string) => State,
  codec: Codec,
  limits: BatchLimits,
): Decided[] {
  const states = new Map<string, State>();
  const batch: Decided[] = [];
  let offset = position;
  let bytes = 0;
  for (const received of commands) {
    if (bytes >= limits.bytes) break;
    const state = received.command && (states.get(received.key) ?? stateOf(received.key));
    const decided = decideOne(received, state ?? initialState, offset, codec, limits.eventBytes);
    batch.push(decided);
    if (!decided.appended) continue;
    if (state) states.set(received.key, evolve(state, decided.appended.event, offset));
    bytes += decided.appended.bytes.length;
    offset += 1;
  }
  return batch;
}

function decideOne(received: Received, state: State, offset: number, codec: Codec, eventBytes: number): Decided {
  const append = (event: NewEvent, parkAs?: string): Decided => {
    const bytes = codec.encode(addressed(event, offset, received.record.offset));
    if (bytes.length > eventBytes) throw new TooLargeError(`${bytes.length} bytes of ${eventBytes}`);
    return { received, outcome: outcomeOf(event, offset), appended: { event, bytes }, ...(parkAs && { parkAs }) };
  };
  const { command, place, record } = received;
  if (!command) return append(received.refusal, reasonOf(received.refusal));
  const park = (event: NewEvent): Decided => append(event, reasonOf(event));
  try {
    const { event, outcome } = decide(state, { command, place, receivedAt: record.timestamp });
    if (!event) return { received, outcome };
    return isInvalid(event) ? park(event) : append(event);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    // It would have been accepted, so its command id is free.
    if (error instanceof TooLargeError) {
      return park(rejection(command.data.commandId, 'TOO_LARGE', `its event would take ${reason}`));
    }
    return park(rejection(place, 'DECIDE_FAILED', `the command could not be decided: ${reason}`));
  }
}

/** The command API refuses such commands before they come into the log: somebody else wrote this one. */
function isInvalid(event: NewEvent): boolean {
  return event.type === 'CommandRejected' && event.data.code === 'INVALID';
}

/** The address goes first: behind a spread, new fields take ten times as long. */
function addressed(event: NewEvent, expectedOffset: number, commandOffset: number): Message {
  return { type: event.type, data: { expectedOffset, commandOffset, ...event.data } } as Message;
}

function reasonOf(refusal: NewEvent): string {
  return refusal.type === 'CommandRejected' ? `${refusal.data.code}: ${refusal.data.detail}` : refusal.type;
}
