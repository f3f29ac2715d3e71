/** What events add to the live window in Redis. Folded like a projection, but kept by `platform/live-window`. */
import type { ReturnRecorded, SaleRecorded } from '../domain/messages.generated.ts';
import { sumOf } from '../domain/money.ts';
import { KEPT_RECENT, minuteOf } from '../platform/live-window/keys.ts';
import type { RecentSale, WindowDelta } from '../platform/live-window/live-window.ts';
import { type EventContext, type Handlers, ignore } from './define.ts';
import { addExactly, handle } from './fold.ts';
import type { FoldedRecord } from './log-slice.ts';

type EmitDocument = (sale: RecentSale, orders: 0 | 1, net: number) => void;

const handlers: Handlers<EmitDocument> = {
  SaleRecorded(sale, emit, context) {
    const net = sumOf(sale.lines, (line) => line.gross - line.discount);
    const total = net + sale.shipping + sale.tax;
    emit({ id: sale.saleId, kind: 'SALE', ...common(sale, context), net, total }, 1, net);
  },
  ReturnRecorded(given, emit, context) {
    const net = sumOf(given.lines, (line) => line.gross);
    emit({ id: given.returnId, kind: 'RETURN', ...common(given, context), net, total: net }, 0, -net);
  },
  CommandRejected: ignore,
};

function common(event: SaleRecorded | ReturnRecorded, { offset, recordedAt }: EventContext) {
  const { occurredAt, currency, channel, country, lines } = event;
  return {
    occurredAt,
    recordedAt,
    currency,
    channel,
    country,
    units: sumOf<{ quantity: number }>(lines, (line) => line.quantity),
    products: lines.slice(0, 3).map((line) => line.productName),
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

  readonly #emit: EmitDocument = (sale, orders, net) => {
    const minute = minuteOf(sale.occurredAt);
    const key = `${minute}|${sale.currency}`;
    const cell = this.#minutes.get(key);
    if (cell) {
      cell.orders += orders;
      cell.net = addExactly(cell.net, net);
    } else {
      this.#minutes.set(key, { minute, currency: sale.currency, orders, net });
    }
    this.recent.push(sale);
    if (this.recent.length > 4 * KEPT_RECENT) this.recent = this.recent.slice(-KEPT_RECENT);
  };
}
