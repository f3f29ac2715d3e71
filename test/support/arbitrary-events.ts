/** Logs as the command side writes them: random commands, decided one after the other. */
import fc from 'fast-check';
import { decide, keyOf } from '../../domain/decide.ts';
import type { Command, Event, SaleRecorded } from '../../domain/messages.generated.ts';
import { lineGross } from '../../domain/money.ts';
import { evolve, initialState, type State } from '../../domain/state.ts';

/** Clocks change at one o'clock. */
const NOON = Date.UTC(2026, 2, 29, 0, 50);
const RECEIVED_AT = Date.UTC(2100, 0, 1);

const line = fc.record({
  productId: fc.constantFrom('p-1', 'p-2', 'p-3'),
  productName: fc.constantFrom('T-shirt', 'Mug "large"', 'Back\\slash, {brace}'),
  category: fc.constantFrom('Clothing', 'Kitchen, home'),
  quantity: fc.integer({ min: 1, max: 5 }),
  unitPrice: fc.constantFrom(0, 12_000_000, 1_499_000, 999_999_999_999),
  off: fc.constantFrom(0, 0, 0.1, 1),
});

const share = fc.integer({ min: 0, max: 100 }).map((percent) => percent / 100);

/** One command to be made of what is drawn and of the sales before it. */
const draw = fc.record({
  kind: fc.constantFrom('sale', 'sale', 'sale', 'return', 'whole', 'lines', 'amount', 'void', 'again'),
  /** Which of the sales before it. */
  target: fc.nat(1000),
  minute: fc.integer({ min: -180, max: 180 }),
  currency: fc.constantFrom('GBP', 'USD', 'JPY'),
  channel: fc.constantFrom('online', 'store'),
  country: fc.constantFrom('GB', 'ZZ'),
  customerId: fc.constantFrom(null, 'c-1', 'c-2'),
  lines: fc.array(line, { minLength: 1, maxLength: 4 }),
  shipping: fc.constantFrom(0, 1, 499),
  tax: fc.constantFrom(0, 333),
  share,
});

type Drawn = typeof draw extends fc.Arbitrary<infer T> ? T : never;

export interface LogOptions {
  /** Of commands; a few of them give no event. */
  minLength?: number;
  maxLength?: number;
  /** Of every id. */
  prefix?: string;
  /** The times of half of the documents lie around this moment too, milliseconds since 1970 UTC. */
  now?: number;
}

/**
 * Events of few distinct keys (so that they meet), each with ids of its own, around a change of clocks: sales, returns,
 * refunds and voids of these sales, and refusals.
 */
export const arbitraryEvents = ({ prefix = '', now = NOON, minLength = 0, maxLength = 30 }: LogOptions = {}) =>
  fc.array(draw, { minLength, maxLength }).map((drawn) => {
    const log = new DecidedLog();
    for (const [index, one] of drawn.entries()) {
      const at = (index % 2 ? now : NOON) + one.minute * 60_000;
      log.send(commandOf(one, `${prefix}${index}`, at, log.sales[one.target % Math.max(1, log.sales.length)]));
    }
    return log.events;
  });

/** The log, and behind it the refund or void of every sale of which something is left. */
export function takenBack(events: readonly Event[]): Event[] {
  const log = new DecidedLog(events);
  for (const [index, { saleId, occurredAt }] of log.sales.entries()) {
    const head = { commandId: `back-${index}`, replyTo: null, saleId, occurredAt };
    const none = { lines: null, amount: null, shipping: 0, tax: 0, payments: null };
    if (index % 2) log.send({ type: 'VoidSale', data: head });
    log.send({
      type: 'RefundSale',
      data: { ...head, commandId: `rest-${index}`, refundId: 'rest', whole: true, ...none },
    });
  }
  return log.events;
}

/** Decides commands one after the other, on what was decided before. */
class DecidedLog {
  readonly events: Event[] = [];
  readonly sales: SaleRecorded[] = [];
  readonly #states = new Map<string, State>();

  constructor(events: readonly Event[] = []) {
    for (const event of events) {
      if (event.type === 'CommandRejected') this.events.push(event);
      else this.#add(event.type === 'ReturnRecorded' ? event.data.returnId : event.data.saleId, event);
    }
  }

  send(command: Command): void {
    const key = keyOf(command);
    const place = `0:${this.events.length}`;
    const { event } = decide(this.#stateOf(key), { command, place, receivedAt: RECEIVED_AT });
    if (!event) return;
    this.#add(key, { type: event.type, data: { expectedOffset: 0, commandOffset: 0, ...event.data } } as Event);
  }

  #stateOf(key: string): State {
    return this.#states.get(key) ?? initialState;
  }

  #add(key: string, event: Event): void {
    this.#states.set(key, evolve(this.#stateOf(key), event, this.events.length));
    this.events.push(event);
    if (event.type === 'SaleRecorded') this.sales.push(event.data);
  }
}

function commandOf(one: Drawn, id: string, occurredAt: number, sale: SaleRecorded | undefined): Command {
  const head = { commandId: id, replyTo: null, occurredAt };
  if (one.kind === 'return') return returning(one, { ...head, returnId: `r-${id}` });
  if (one.kind === 'sale' || !sale) return selling(one, { ...head, saleId: `s-${id}` });
  const { saleId } = sale;
  if (one.kind === 'again') return selling(one, { ...head, saleId });
  if (one.kind === 'void') return { type: 'VoidSale', data: { ...head, saleId } };
  const none = { whole: false, lines: null, amount: null, shipping: 0, tax: 0, payments: null };
  const refund = (data: object): Command => {
    return { type: 'RefundSale', data: { ...head, saleId, refundId: `f-${id}`, ...none, ...data } };
  };
  const extra = { shipping: Math.floor(sale.shipping * one.share), tax: Math.floor(sale.tax * one.share) };
  if (one.kind === 'whole') return refund({ whole: true });
  if (one.kind === 'lines') {
    const chosen = sale.lines.filter((_, index) => index % 2 === one.target % 2 || sale.lines.length === 1);
    const lines = chosen.map(({ lineId, quantity }) => ({ lineId, quantity: Math.ceil(quantity * one.share) || 1 }));
    return refund({ lines, ...extra });
  }
  const net = sale.lines.reduce((sum, { gross, discount }) => sum + gross - discount, 0);
  return refund({ amount: Math.floor(net * one.share), ...extra });
}

function selling({ lines, share, shipping, tax, ...one }: Drawn, head: Head<'saleId'>): Command {
  const priced = pricedLines(lines, one.currency);
  const total = priced.reduce((sum, { gross, discount }) => sum + gross - discount, shipping + tax);
  const byCard = Math.floor(total * share);
  const payments = [
    { method: 'card', amount: byCard },
    { method: 'cash', amount: total - byCard },
  ];
  const data = { ...head, ...dimensionsOf(one), shipping, tax, payments };
  return { type: 'RecordSale', data: { ...data, lines: priced.map(({ gross, ...rest }) => rest) } };
}

function returning({ lines, ...one }: Drawn, head: Head<'returnId'>): Command {
  const priced = pricedLines(lines, one.currency);
  const payments = [{ method: 'card', amount: priced.reduce((sum, { gross }) => sum + gross, 0) }];
  const data = { ...head, ...dimensionsOf(one), payments };
  return { type: 'RecordReturn', data: { ...data, lines: priced.map(({ gross, discount, ...rest }) => rest) } };
}

type Head<Id extends string> = { commandId: string; replyTo: null; occurredAt: number } & Record<Id, string>;

function dimensionsOf({ currency, channel, country, customerId }: Omit<Drawn, 'lines' | 'share' | 'shipping' | 'tax'>) {
  return { currency, channel, country, customerId };
}

function pricedLines(lines: Drawn['lines'], currency: string) {
  return lines.map(({ off, ...rest }, index) => {
    const gross = lineGross(rest.quantity, rest.unitPrice, currency);
    return { ...rest, lineId: String(index + 1), gross, discount: Math.floor(gross * off) };
  });
}
