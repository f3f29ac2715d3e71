/** What the command side remembers under one record key, folded from the log. */
import type { CommandRejected, Event, ReturnRecorded, SaleRecorded } from './messages.generated.ts';

/** An event without its address in the log: what `decide` produces. */
export type Content<E> = Omit<E, 'expectedOffset' | 'commandOffset'>;

export type NewEvent =
  | { type: 'SaleRecorded'; data: Content<SaleRecorded> }
  | { type: 'ReturnRecorded'; data: Content<ReturnRecorded> }
  | { type: 'CommandRejected'; data: Content<CommandRejected> };

/** An event's content, and the offset at which it stands. */
export interface Recorded<E> {
  content: Content<E>;
  offset: number;
}

/** Everything that happened under one key: a sale, a return that happens to share its id, and refused attempts. */
export interface State {
  sale: Recorded<SaleRecorded> | null;
  return: Recorded<ReturnRecorded> | null;
  rejections: readonly Recorded<CommandRejected>[];
}

export const initialState: State = { sale: null, return: null, rejections: [] };

/** The state after an event that stands at `offset`. */
export function evolve(state: State, event: NewEvent | Event, offset: number): State {
  switch (event.type) {
    case 'SaleRecorded':
      return { ...state, sale: { content: event.data, offset } };
    case 'ReturnRecorded':
      return { ...state, return: { content: event.data, offset } };
    case 'CommandRejected':
      return { ...state, rejections: [...state.rejections, { content: event.data, offset }] };
  }
}

/** Derived, so that it costs nothing in the log: unique, since each domain id and command id takes effect once. */
export function eventIdOf(event: NewEvent | Event): string {
  switch (event.type) {
    case 'SaleRecorded':
      return `SaleRecorded:${event.data.saleId}`;
    case 'ReturnRecorded':
      return `ReturnRecorded:${event.data.returnId}`;
    case 'CommandRejected':
      return `CommandRejected:${event.data.commandId}`;
  }
}
