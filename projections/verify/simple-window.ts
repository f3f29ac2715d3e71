/**
 * The second opinion on the live window of one partition: what each event means for it, written down once more; one
 * event at a time, every sum a bigint. It shares nothing with the fold of the worker.
 */
import type { Event, SaleRecorded } from '../../domain/messages.generated.ts';
import { KEPT_RECENT } from '../../platform/live-window/keys.ts';
import type { EventContext, Handlers } from '../define.ts';
import { type CountedRecord, placeOf } from './log.ts';
import { MAX_EVENTS } from './verdict.ts';

/** Figures by name, as text; null where there is none. */
export type Figures = ReadonlyMap<string, string | null>;

/** A figure of the window and the events that it comes from. */
export interface WindowFigure {
  values: Figures;
  events: string[];
}

/** From when on the window counts: what is older is nobody's business. */
export interface WindowReach {
  /** The first minute, since 1970 UTC. */
  minute: number;
  /** Recent entries recorded before (milliseconds since 1970 UTC) are not shown. */
  recordedAt: number;
}

export class SimpleWindow {
  /** Orders and net by `<minute>|<currency>`. */
  readonly minutes = new Map<string, WindowFigure>();
  /** The last entries by offset, whenever they were recorded. */
  readonly recent = new Map<string, WindowFigure>();
  readonly #reach: WindowReach;

  constructor(reach: WindowReach) {
    this.#reach = reach;
  }

  /** Takes the events of the partition in the order of their offsets. */
  add({ event, ...context }: CountedRecord): void {
    const said = meaningOf(event);
    if (!said) return;
    const minute = Math.floor(said.countsAt / 60_000);
    if (minute >= this.#reach.minute) this.#count(`${minute}|${said.entry.currency}`, said, placeOf(context));
    this.#remember(said, context);
  }

  #count(cell: string, { orders, net }: Meaning, place: string): void {
    const before = this.minutes.get(cell);
    const sum = (name: string, more: bigint) => String(BigInt(before?.values.get(name) ?? 0) + more);
    const values = new Map([
      ['orders', sum('orders', orders)],
      ['net', sum('net', net)],
    ]);
    this.minutes.set(cell, { values, events: [...(before?.events ?? []), place].slice(0, MAX_EVENTS) });
  }

  #remember({ entry }: Meaning, { partition, offset, recordedAt }: EventContext): void {
    const values = new Map(
      Object.entries({ ...entry, recordedAt, offset }).map(([name, value]) => [name, String(value)]),
    );
    this.recent.set(String(offset), { values, events: [placeOf({ partition, offset })] });
    const [oldest] = this.recent.keys();
    if (this.recent.size > KEPT_RECENT && oldest !== undefined) this.recent.delete(oldest);
  }
}

interface Meaning {
  /** The moment in whose minute it counts, milliseconds since 1970 UTC. */
  countsAt: number;
  orders: bigint;
  net: bigint;
  /** All but where and when it was recorded; `products` as JSON. */
  entry: Readonly<Record<string, string | number | bigint>> & { currency: string };
}

const meanings: Handlers<(said: Meaning) => void> = {
  SaleRecorded(sale, say) {
    const net = netOf(sale);
    say({ countsAt: sale.occurredAt, orders: 1n, net, entry: entryOf('SALE', sale.saleId, sale, net) });
  },
  SaleVoided(voided, say) {
    const net = netOf(voided);
    say({ countsAt: voided.soldAt, orders: -1n, net: -net, entry: entryOf('VOID', voided.saleId, voided, net) });
  },
  SaleRefunded(refund, say) {
    const net = added(refund.lines.map(({ amount }) => amount));
    say({ countsAt: refund.occurredAt, orders: 0n, net: -net, entry: entryOf('REFUND', refund.saleId, refund, net) });
  },
  ReturnRecorded(given, say) {
    const net = added(given.lines.map(({ gross }) => gross));
    const entry = entryOf('RETURN', given.returnId, { ...given, shipping: 0, tax: 0 }, net);
    say({ countsAt: given.occurredAt, orders: 0n, net: -net, entry });
  },
  CommandRejected() {},
};

function meaningOf({ type, data }: Event): Meaning | undefined {
  let meaning: Meaning | undefined;
  const say = (said: Meaning) => {
    meaning = said;
  };
  (meanings[type] as (data: Event['data'], say: (said: Meaning) => void) => void)(data, say);
  return meaning;
}

interface Document {
  occurredAt: number;
  currency: string;
  channel: string;
  country: string;
  shipping: number;
  tax: number;
  lines: readonly { productName: string; quantity: number }[];
}

function entryOf(kind: string, id: string, { lines, shipping, tax, ...of }: Document, net: bigint): Meaning['entry'] {
  const { occurredAt, currency, channel, country } = of;
  const total = net + added([shipping, tax]);
  const units = added(lines.map(({ quantity }) => quantity));
  const products = JSON.stringify(lines.map(({ productName }) => productName).slice(0, 3));
  return { id, kind, occurredAt, currency, channel, country, net, total, units, products };
}

function netOf({ lines }: Pick<SaleRecorded, 'lines'>): bigint {
  return added(lines.flatMap(({ gross, discount }) => [gross, -discount]));
}

function added(amounts: readonly number[]): bigint {
  let sum = 0n;
  for (const amount of amounts) sum += BigInt(amount);
  return sum;
}
