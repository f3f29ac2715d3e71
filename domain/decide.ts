/**
 * The decision: a pure function of what the log says and the command. Time and ids come with the command, so that
 * deciding again, anywhere, gives the same answer.
 */
import { firstDifference } from './difference.ts';
import type { Command } from './messages.generated.ts';
import { returnRecorded, returnViolation } from './return.ts';
import { saleRecorded, saleViolation } from './sale.ts';
import { type Content, eventIdOf, type NewEvent, type State } from './state.ts';
import type { Violation } from './violations.ts';

/** Why a command was refused; stable. */
export type RejectionCode = 'CONFLICT' | 'INVALID' | 'UNREADABLE' | 'MISROUTED' | 'DECIDE_FAILED';

/** What the log says about a command: the event that settled it, and where it stands. */
export interface Outcome {
  outcome: 'accepted' | 'rejected';
  eventId: string;
  offset: number;
  code?: string;
  detail?: string;
}

/** A command as it stands in the log: `place` is "partition:offset", `receivedAt` its append time in ms. */
export interface ReceivedCommand {
  command: Command;
  place: string;
  receivedAt: number;
}

export type Decision =
  /** The log has this command's outcome already: nothing to append. */
  | { outcome: Outcome; event?: undefined }
  /** To be appended; it is the outcome once it stands in the log. */
  | { event: NewEvent; outcome?: undefined };

/** Decides a command. A refusal is an event too; only an exact repeat of what stands in the log gives none. */
export function decide(state: State, received: ReceivedCommand): Decision {
  const { command } = received;
  const refused = state.rejections.find(({ content }) => content.commandId === command.data.commandId);
  if (refused) return { outcome: outcomeOf({ type: 'CommandRejected', data: refused.content }, refused.offset) };
  const standing = command.type === 'RecordSale' ? state.sale : state.return;
  const refuse = (code: RejectionCode, detail: string): Decision => {
    // A command id has one outcome for ever: where it named the accepted attempt, the refusal is kept under its place.
    const attempt = command.data.commandId === standing?.content.commandId ? received.place : command.data.commandId;
    return { event: rejection(attempt, code, detail) };
  };
  const violation = violationOf(command, received.receivedAt);
  if (violation) return refuse('INVALID', `${violation.pointer} ${violation.detail}`);
  const wanted = wantedEvent(command);
  if (!standing) return { event: wanted };
  const difference = firstDifference(contentOf(wanted.data), contentOf(standing.content));
  if (difference === undefined) return { outcome: outcomeOf(wanted, standing.offset) };
  return refuse(
    'CONFLICT',
    `${difference} differs from what is recorded under this id; send a correction under a new id`,
  );
}

/** The first rule that a command breaks whatever the log says, if any. `receivedAt` in ms. */
export function violationOf(command: Command, receivedAt: number): Violation | undefined {
  return command.type === 'RecordSale'
    ? saleViolation(command.data, receivedAt)
    : returnViolation(command.data, receivedAt);
}

/** What an event at `offset` says about the command that caused it. */
export function outcomeOf(event: NewEvent, offset: number): Outcome {
  const eventId = eventIdOf(event);
  if (event.type !== 'CommandRejected') return { outcome: 'accepted', eventId, offset };
  return { outcome: 'rejected', eventId, offset, code: event.data.code, detail: event.data.detail };
}

export function rejection(commandId: string, code: RejectionCode, detail: string): NewEvent {
  return { type: 'CommandRejected', data: { commandId, code, detail } };
}

/** The record key of a command: its domain id. */
export function keyOf({ type, data }: Command): string {
  return type === 'RecordSale' ? data.saleId : data.returnId;
}

type Wanted = Exclude<NewEvent, { type: 'CommandRejected' }>;

function wantedEvent(command: Command): Wanted {
  return command.type === 'RecordSale'
    ? { type: 'SaleRecorded', data: saleRecorded(command.data) }
    : { type: 'ReturnRecorded', data: returnRecorded(command.data) };
}

/** What must be the same in a repeat: all but the attempt's name and the place in the log. */
function contentOf(data: Content<object>): object {
  const { commandId: _, expectedOffset: __, commandOffset: ___, ...content } = data as Record<string, unknown>;
  return content;
}
