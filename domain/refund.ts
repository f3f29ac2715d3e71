/** Refunding a sale, in whole or in part: never more than was paid, per line, per payment method and in all. */
import { allocate, proportion } from './allocation.ts';
import type { Payment, RefundLine, RefundSale, SaleLine, SaleRecorded, SaleRefunded } from './messages.generated.ts';
import { sumOf } from './money.ts';
import { isRefusal, type Refusal, saleNotFound } from './refusal.ts';
import type { AcceptedEvent, Content, State } from './state.ts';
import {
  amountViolation,
  headViolation,
  limits,
  lineIdsViolation,
  paymentListViolation,
  quantityViolation,
  type Violation,
} from './violations.ts';

/** What of a sale was not given back yet. Amounts in minor units; the payments add up to all the rest. */
export interface Remaining {
  lines: { line: SaleLine; quantity: number; amount: number }[];
  shipping: number;
  tax: number;
  /** One entry a method. */
  payments: Payment[];
}

/** The first rule that the command breaks whatever it refunds, if any. `receivedAt` in ms. */
export function refundViolation(command: RefundSale, receivedAt: number): Violation | undefined {
  const { saleId, refundId, payments } = command;
  return (
    headViolation({ saleId, refundId }, command, receivedAt) ??
    partsViolation(command) ??
    (payments ? paymentListViolation(payments) : undefined)
  );
}

function partsViolation({ whole, lines, amount, shipping, tax }: RefundSale): Violation | undefined {
  if ([whole, lines !== null, amount !== null].filter(Boolean).length !== 1) {
    return { pointer: '', detail: 'give exactly one of whole (true), lines and amount' };
  }
  if (whole && (shipping !== 0 || tax !== 0)) {
    return { pointer: shipping === 0 ? '/tax' : '/shipping', detail: 'goes without saying when whole is true' };
  }
  const wrong = amountViolation('/shipping', shipping) ?? amountViolation('/tax', tax);
  if (wrong) return wrong;
  if (lines)
    return (
      lineIdsViolation(lines) ??
      firstViolation(lines, ({ quantity }, index) => quantityViolation(`/lines/${index}/quantity`, quantity))
    );
  if (amount === null) return undefined;
  if (amount === 0 && shipping + tax === 0) return { pointer: '/amount', detail: 'there is nothing to give back' };
  return amountViolation('/amount', amount);
}

function firstViolation<T>(items: readonly T[], of: (item: T, index: number) => Violation | undefined) {
  for (const [index, item] of items.entries()) {
    const wrong = of(item, index);
    if (wrong) return wrong;
  }
  return undefined;
}

/** What has to be the same for a refund to be a repeat of another. */
export function refundRequest(refund: RefundSale | Content<SaleRefunded>): object {
  const { occurredAt } = refund;
  const { whole, lines, amount, shipping, tax, payments } = 'request' in refund ? refund.request : refund;
  return { occurredAt, whole, lines, amount, shipping, tax, payments };
}

/** The refund as it would be recorded, or why not. The command must break no rule of {@link refundViolation}. */
export function refundSale({ sale, refunds, voided }: State, command: RefundSale): AcceptedEvent | Refusal {
  const { commandId, saleId, refundId, occurredAt, whole, amount, shipping, tax, payments } = command;
  if (!sale) return saleNotFound(saleId);
  if (voided) return { code: 'SALE_VOIDED', detail: `sale ${saleId} was voided: there is nothing to refund` };
  if (refunds.length >= limits.refunds) {
    return {
      code: 'TOO_MANY_REFUNDS',
      detail: `sale ${saleId} has ${refunds.length} refunds, the most that one can have`,
    };
  }
  const left = remainingOf(
    sale.content,
    refunds.map(({ content }) => content),
  );
  const lines = refundedLines(left, command);
  if (isRefusal(lines)) return lines;
  const given = whole ? { shipping: left.shipping, tax: left.tax } : { shipping, tax };
  const due = sumOf(lines, (line) => line.amount) + given.shipping + given.tax;
  const excess =
    exceeding('/shipping', given.shipping, left.shipping) ??
    exceeding('/tax', given.tax, left.tax) ??
    (due === 0 && lines.length === 0 ? nothingLeft : undefined);
  if (excess) return excess;
  const split = payments ? statedPayments(left, payments, due) : splitPayments(left, due);
  if (isRefusal(split)) return split;
  const { occurredAt: soldAt, currency, channel, country, customerId } = sale.content;
  const request = { whole, lines: command.lines, amount, shipping, tax, payments };
  const sold = { soldAt, currency, channel, country, customerId };
  return {
    type: 'SaleRefunded',
    data: { commandId, saleId, refundId, occurredAt, ...sold, lines, ...given, payments: split, request },
  };
}

export function remainingOf(sale: Content<SaleRecorded>, refunds: readonly Content<SaleRefunded>[]): Remaining {
  const lines = new Map(
    sale.lines.map((line) => [line.lineId, { line, quantity: line.quantity, amount: line.gross - line.discount }]),
  );
  const methods = new Map<string, number>();
  const add = ({ method, amount }: Payment, sign: 1 | -1) => {
    methods.set(method, (methods.get(method) ?? 0) + sign * amount);
  };
  for (const payment of sale.payments) add(payment, 1);
  for (const refund of refunds) {
    for (const { lineId, quantity, amount } of refund.lines) {
      const left = lines.get(lineId);
      if (left) left.quantity -= quantity;
      if (left) left.amount -= amount;
    }
    for (const payment of refund.payments) add(payment, -1);
  }
  return {
    lines: [...lines.values()],
    shipping: sale.shipping - sumOf(refunds, ({ shipping }) => shipping),
    tax: sale.tax - sumOf(refunds, ({ tax }) => tax),
    payments: [...methods].map(([method, amount]) => ({ method, amount })),
  };
}

function refundedLines({ lines: left }: Remaining, { lines: asked, amount }: RefundSale): RefundLine[] | Refusal {
  if (asked) return byQuantity(left, asked);
  if (amount === null)
    return left
      .filter(({ quantity, amount }) => quantity > 0 || amount > 0)
      .map((one) => refundLine(one, one.quantity, one.amount));
  const excess = exceeding(
    '/amount',
    amount,
    sumOf(left, (one) => one.amount),
  );
  if (excess) return excess;
  const shares = allocate(
    amount,
    left.map((one) => one.amount),
  );
  return left.map((one, index) => refundLine(one, 0, shares[index] ?? 0)).filter((line) => line.amount > 0);
}

/** Each piece at its share of what is left of its line, so that the last one takes all of the rest. */
function byQuantity(left: Remaining['lines'], asked: readonly { lineId: string; quantity: number }[]) {
  const byId = new Map(left.map((one) => [one.line.lineId, one]));
  const lines: RefundLine[] = [];
  for (const [index, { lineId, quantity }] of asked.entries()) {
    const one = byId.get(lineId);
    if (!one) return mismatch(`/lines/${index}/lineId`, `${lineId} is no line of this sale`);
    const excess = exceeding(`/lines/${index}/quantity`, quantity, one.quantity);
    if (excess) return excess;
    lines.push(refundLine(one, quantity, proportion(one.amount, quantity, one.quantity)));
  }
  return lines;
}

function refundLine({ line }: Remaining['lines'][number], quantity: number, amount: number): RefundLine {
  const { lineId, productId, productName, category } = line;
  return { lineId, productId, productName, category, quantity, amount };
}

function splitPayments({ payments }: Remaining, due: number): Payment[] {
  const shares = allocate(
    due,
    payments.map(({ amount }) => amount),
  );
  return payments
    .map(({ method }, index) => ({ method, amount: shares[index] ?? 0 }))
    .filter(({ amount }) => amount > 0);
}

function statedPayments({ payments: left }: Remaining, stated: Payment[], due: number): Payment[] | Refusal {
  const given = sumOf(stated, ({ amount }) => amount);
  if (given !== due) return mismatch('/payments', `add up to ${given} minor units, but ${due} are refunded`);
  for (const [index, { method }] of stated.entries()) {
    const asked = sumOf(
      stated.filter((payment) => payment.method === method),
      ({ amount }) => amount,
    );
    const paid = left.find((payment) => payment.method === method)?.amount ?? 0;
    const excess = exceeding(`/payments/${index}/amount`, asked, paid);
    if (excess) return excess;
  }
  return stated;
}

const nothingLeft: Refusal = { code: 'EXCEEDS_PAID', detail: 'nothing of this sale is left to refund' };

function exceeding(pointer: string, asked: number, left: number): Refusal | undefined {
  if (asked <= left) return undefined;
  return { code: 'EXCEEDS_PAID', detail: `${pointer} is ${asked}, but only ${left} is left to refund` };
}

function mismatch(pointer: string, detail: string): Refusal {
  return { code: 'MISMATCH', detail: `${pointer} ${detail}` };
}
