/** What the command side remembers under one record key, folded from the log. */
import type {
  CommandRejected,
  Event,
  ReturnRecorded,
  SaleRecorded,
  SaleRefunded,
  SaleVoided,
} from './messages.generated.ts';
import { Rejections } from './rejections.ts';

/** An event without its address in the log: what `decide` produces. */
export type Content<E> = Omit<E, 'expectedOffset' | 'commandOffset'>;

/** An event that says that a command took effect. */
export type AcceptedEvent =
  | { type: 'SaleRecorded'; data: Content<SaleRecorded> }
  | { type: 'SaleRefunded'; data: Content<SaleRefunded> }
  | { type: 'SaleVoided'; data: Content<SaleVoided> }
  | { type: 'ReturnRecorded'; data: Content<ReturnRecorded> };

export type NewEvent = AcceptedEvent | { type: 'CommandRejected'; data: Content<CommandRejected> };

/** An event's content, and the offset at which it stands. */
export interface Recorded<E> {
  content: Content<E>;
  offset: number;
}

/** Everything that happened under one key: a sale, a return that happens to share its id, and refused attempts. */
export interface State {
  sale: Recorded<SaleRecorded> | null;
  refunds: readonly Recorded<SaleRefunded>[];
  voided: Recorded<SaleVoided> | null;
  return: Recorded<ReturnRecorded> | null;
  rejections: Rejections;
}

export const initialState: State = { sale: null, refunds: [], voided: null, return: null, rejections: Rejections.none };

/** The state after an event that stands at `offset`. */
export function evolve(state: State, event: NewEvent | Event, offset: number): State {
  switch (event.type) {
    case 'SaleRecorded':
      return { ...state, sale: { content: event.data, offset } };
    case 'SaleRefunded':
      return { ...state, refunds: [...state.refunds, { content: event.data, offset }] };
    case 'SaleVoided':
      return { ...state, voided: { content: event.data, offset } };
    case 'ReturnRecorded':
      return { ...state, return: { content: event.data, offset } };
    case 'CommandRejected':
      return { ...state, rejections: state.rejections.with({ content: event.data, offset }) };
  }
}

/** Derived, so that it costs nothing in the log: each domain id and command id takes effect once. */
export function eventIdOf(event: NewEvent | Event): string {
  switch (event.type) {
    case 'SaleRecorded':
    case 'SaleVoided':
      return `${event.type}:${event.data.saleId}`;
    case 'SaleRefunded':
      return `${event.type}:${event.data.saleId}:${event.data.refundId}`;
    case 'ReturnRecorded':
      return `${event.type}:${event.data.returnId}`;
    case 'CommandRejected':
      return `${event.type}:${event.data.commandId}`;
  }
}
