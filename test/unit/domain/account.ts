/**
 * What is left of a sale, in two ways that must agree: added up from its events one by one, with nothing that the domain
 * decides or folds with, and as the domain works it out of its state.
 */
import { remainingOf } from '../../../domain/refund.ts';
import type { NewEvent, State } from '../../../domain/state.ts';

/** Amounts in minor units. */
export interface Account {
  /** By line id. */
  lines: Record<string, { quantity: number; amount: number }>;
  shipping: number;
  tax: number;
  /** By payment method. */
  methods: Record<string, number>;
  refundIds: string[];
  isVoided: boolean;
}

export function accountOf(events: readonly NewEvent[]): Account {
  const account: Account = { lines: {}, shipping: 0, tax: 0, methods: {}, refundIds: [], isVoided: false };
  for (const event of events) {
    if (event.type === 'SaleVoided') account.isVoided = true;
    if (event.type === 'SaleRecorded') {
      const { lines, shipping, tax, payments } = event.data;
      for (const { lineId, quantity, gross, discount } of lines) add(account, lineId, quantity, gross - discount);
      for (const { method, amount } of payments) pay(account, method, amount);
      account.shipping += shipping;
      account.tax += tax;
    }
    if (event.type === 'SaleRefunded') {
      const { refundId, lines, shipping, tax, payments } = event.data;
      for (const { lineId, quantity, amount } of lines) add(account, lineId, -quantity, -amount);
      for (const { method, amount } of payments) pay(account, method, -amount);
      account.shipping -= shipping;
      account.tax -= tax;
      account.refundIds.push(refundId);
    }
  }
  return account;
}

function add({ lines }: Account, lineId: string, quantity: number, amount: number): void {
  const line = lines[lineId] ?? { quantity: 0, amount: 0 };
  lines[lineId] = { quantity: line.quantity + quantity, amount: line.amount + amount };
}

function pay({ methods }: Account, method: string, amount: number): void {
  methods[method] = (methods[method] ?? 0) + amount;
}

/** The same of a state; there must be a sale in it. */
export function accountIn({ sale, refunds, voided }: State): Account {
  if (!sale) throw new Error('no sale in this state');
  const given = refunds.map(({ content }) => content);
  const { lines, shipping, tax, payments } = remainingOf(sale.content, given);
  return {
    lines: Object.fromEntries(lines.map(({ line, quantity, amount }) => [line.lineId, { quantity, amount }])),
    shipping,
    tax,
    methods: Object.fromEntries(payments.map(({ method, amount }) => [method, amount])),
    refundIds: given.map(({ refundId }) => refundId),
    isVoided: voided !== null,
  };
}
