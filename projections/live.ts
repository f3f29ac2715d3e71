/** What events add to the live window in Redis. Folded like a projection, but kept by `platform/live-window`. */
import type { SaleRecorded } from '../domain/messages.generated.ts';
import { sumOf } from '../domain/money.ts';
import { KEPT_RECENT, minuteOf } from '../platform/live-window/keys.ts';
import type { RecentSale, WindowDelta } from '../platform/live-window/live-window.ts';
import { type EventContext, type Handlers, ignore, type Window } from './define.ts';
import { handle } from './fold.ts';
import type { FoldedRecord } from './log-slice.ts';
import { addExactly } from './merge.ts';

/** The window as one of the projections: it has generations and checkpoints like every table. */
export const liveWindow: Window = { kind: 'window', name: 'live_window', version: 1 };

/** Adds an entry to the recent ones, and figures to the minute of the moment `at` (milliseconds since 1970 UTC). */
type EmitEntry = (entry: RecentSale, at: number, orders: number, net: number) => void;

const handlers: Handlers<EmitEntry> = {
  SaleRecorded(sale, emit, context) {
    emit(entry('SALE', sale.saleId, sale, sale.lines, netOf(sale), context), sale.occurredAt, 1, netOf(sale));
  },
  SaleVoided(voided, emit, context) {
    emit(entry('VOID', voided.saleId, voided, voided.lines, netOf(voided), context), voided.soldAt, -1, -netOf(voided));
  },
  SaleRefunded(refund, emit, context) {
    const net = sumOf(refund.lines, (line) => line.amount);
    emit(entry('REFUND', refund.saleId, refund, refund.lines, net, context), refund.occurredAt, 0, -net);
  },
  ReturnRecorded(given, emit, context) {
    const net = sumOf(given.lines, (line) => line.gross);
    emit(entry('RETURN', given.returnId, given, given.lines, net, context), given.occurredAt, 0, -net);
  },
  CommandRejected: ignore,
};

function netOf({ lines }: Pick<SaleRecorded, 'lines'>): number {
  return sumOf(lines, (line) => line.gross - line.discount);
}

interface Dimensions {
  occurredAt: number;
  currency: string;
  channel: string;
  country: string;
  shipping?: number;
  tax?: number;
}

function entry(
  kind: RecentSale['kind'],
  id: string,
  { occurredAt, currency, channel, country, shipping = 0, tax = 0 }: Dimensions,
  lines: readonly { quantity: number; productName: string }[],
  net: number,
  { offset, recordedAt }: EventContext,
): RecentSale {
  return {
    id,
    kind,
    occurredAt,
    recordedAt,
    currency,
    channel,
    country,
    units: sumOf(lines, (line) => line.quantity),
    products: lines.slice(0, 3).map((line) => line.productName),
    net,
    total: net + shipping + tax,
    offset,
  };
}

/** What consecutive records of one partition add to its window. */
export class LiveFold implements WindowDelta {
  readonly partition: number;
  readonly from: number;
  to: number;
  recent: RecentSale[] = [];
  readonly #minutes = new Map<string, { minute: number; currency: string; orders: number; net: number | bigint }>();

  /** Empty, ready for the record at `from`. */
  constructor(partition: number, from: number) {
    this.partition = partition;
    this.from = from;
    this.to = from;
  }

  get minutes() {
    return this.#minutes.values();
  }

  /** Folds in the records up to but not including `to`; those below what it holds already are skipped. */
  add(records: readonly FoldedRecord[], to: number): void {
    for (const record of records) {
      if (record.event && record.offset >= this.to) handle(handlers, record.event, this.#emit, record);
    }
    this.to = Math.max(this.to, to);
  }

  readonly #emit: EmitEntry = (entry, at, orders, net) => {
    const minute = minuteOf(at);
    const { currency } = entry;
    const key = `${minute}|${currency}`;
    const cell = this.#minutes.get(key);
    if (cell) {
      cell.orders += orders;
      cell.net = addExactly(cell.net, net);
    } else {
      this.#minutes.set(key, { minute, currency, orders, net });
    }
    this.recent.push(entry);
    if (this.recent.length > 4 * KEPT_RECENT) this.recent = this.recent.slice(-KEPT_RECENT);
  };
}
