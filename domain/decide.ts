/**
 * The decision: a pure function of what the log says and the command. Time and ids come with the command, so that
 * deciding again, anywhere, gives the same answer.
 */
import { firstDifference } from './difference.ts';
import type { Command, RecordSale, SaleRecorded } from './messages.generated.ts';
import { refundRequest, refundSale, refundViolation } from './refund.ts';
import { isRefusal, type Refusal, type RejectionCode } from './refusal.ts';
import { recordReturn } from './return.ts';
import { recordSale } from './sale.ts';
import { type AcceptedEvent, eventIdOf, type NewEvent, type State } from './state.ts';
import type { Checked, Violation } from './violations.ts';
import { voidRequest, voidSale, voidViolation } from './void.ts';

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
export function decide(state: State, { command, place, receivedAt }: ReceivedCommand): Decision {
  const { commandId } = command.data;
  const refused = state.rejections.find(commandId);
  if (refused) return { outcome: outcomeOf({ type: 'CommandRejected', data: refused.content }, refused.offset) };

  // A command id has one outcome for ever: where it names an accepted attempt, a refusal is kept under its place.
  const isTaken = namesAccepted(state, commandId);
  const refuse = ({ code, detail }: Refusal): Decision => ({
    event: rejection(isTaken ? place : commandId, code, detail),
  });
  const standing = standingEvent(state, command);
  const difference = standing && firstDifference(requestOf(command), requestOf(standing.event));
  // Whatever the rules and the clock say by now: what was accepted once is.
  if (standing && difference === undefined) return { outcome: outcomeOf(standing.event, standing.offset) };

  const { content: eventOn, violation } = propose(command, receivedAt);
  if (violation) return refuse({ code: 'INVALID', detail: `${violation.pointer} ${violation.detail}`.trim() });
  if (standing) {
    const detail = `${difference} differs from what is recorded under this id; send a correction under a new id`;
    return refuse({ code: 'CONFLICT', detail });
  }
  if (isTaken) {
    return refuse({ code: 'CONFLICT', detail: '/commandId names another command of this sale; give each its own' });
  }
  const wanted = eventOn(state);
  return isRefusal(wanted) ? refuse(wanted) : { event: wanted };
}

/** The first rule that a command breaks whatever the log says, if any. `receivedAt` in ms. */
export function violationOf(command: Command, receivedAt: number): Violation | undefined {
  return propose(command, receivedAt).violation;
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

/** The record key of a command: the id of the sale or return that it is about. */
export function keyOf({ type, data }: Command): string {
  return type === 'RecordReturn' ? data.returnId : data.saleId;
}

/** What comes of a command on a state in which its domain id is free. */
type Proposal = (state: State) => AcceptedEvent | Refusal;

/** What a command whose own content is in order proposes, or what is wrong with it. */
function propose(command: Command, receivedAt: number): Checked<Proposal> {
  switch (command.type) {
    case 'RecordSale': {
      const { content, violation } = recordSale(command.data, receivedAt);
      return violation ? { violation } : { content: () => ({ type: 'SaleRecorded', data: content }) };
    }
    case 'RecordReturn': {
      const { content, violation } = recordReturn(command.data, receivedAt);
      return violation ? { violation } : { content: () => ({ type: 'ReturnRecorded', data: content }) };
    }
    case 'RefundSale': {
      const violation = refundViolation(command.data, receivedAt);
      return violation ? { violation } : { content: (state) => refundSale(state, command.data) };
    }
    case 'VoidSale': {
      const violation = voidViolation(command.data, receivedAt);
      return violation ? { violation } : { content: (state) => voidSale(state, command.data) };
    }
  }
}

/** The event that has taken the command's domain id already. */
function standingEvent(state: State, command: Command): { event: AcceptedEvent; offset: number } | undefined {
  switch (command.type) {
    case 'RecordSale':
      return standing('SaleRecorded', state.sale);
    case 'RecordReturn':
      return standing('ReturnRecorded', state.return);
    case 'RefundSale':
      return standing(
        'SaleRefunded',
        state.refunds.find(({ content }) => content.refundId === command.data.refundId),
      );
    case 'VoidSale':
      return standing('SaleVoided', state.voided);
  }
}

function standing<T extends AcceptedEvent['type']>(
  type: T,
  recorded: { content: Extract<AcceptedEvent, { type: T }>['data']; offset: number } | null | undefined,
) {
  return recorded ? { event: { type, data: recorded.content } as AcceptedEvent, offset: recorded.offset } : undefined;
}

function namesAccepted({ sale, refunds, voided, return: returned }: State, commandId: string): boolean {
  return [sale, voided, returned, ...refunds].some((recorded) => recorded?.content.commandId === commandId);
}

/** What must be the same in a repeat: all that was asked for, but for the attempt's name. Nothing that was worked out. */
function requestOf({ type, data }: Command | AcceptedEvent): object {
  switch (type) {
    case 'RefundSale':
    case 'SaleRefunded':
      return refundRequest(data);
    case 'VoidSale':
    case 'SaleVoided':
      return voidRequest(data);
    default:
      return documentRequest(data);
  }
}

interface Document extends Partial<Omit<RecordSale & SaleRecorded, 'lines'>> {
  lines: { lineId: string; gross?: number }[];
}

function documentRequest({ lines, ...document }: Document): object {
  const { commandId: _, replyTo: __, expectedOffset: ___, commandOffset: ____, ...request } = document;
  return { ...request, lines: lines.map(({ gross: _, ...line }) => line) };
}
