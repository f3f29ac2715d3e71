/** What a sale's refunds and its void may take back, for the checker: never more than was paid, and nothing after. */
import type { Fields, Logged } from './logged.ts';

interface Line {
  lineId: string;
  quantity: number;
  amount?: number;
  gross?: number;
  discount?: number;
}

interface Payment {
  method: string;
  amount: number;
}

/** The ways in which valid events, in the order of the log, give back what was not paid. */
export function moneyViolations(valid: readonly Logged[]): string[] {
  const bySale = new Map<string, Logged[]>();
  for (const event of valid) {
    if (event.type === 'CommandRejected' || event.type === 'ReturnRecorded') continue;
    const saleId = String(event.fields.saleId);
    bySale.set(saleId, [...(bySale.get(saleId) ?? []), event]);
  }
  return [...bySale].flatMap(([saleId, events]) => saleViolations(saleId, events));
}

function saleViolations(saleId: string, events: readonly Logged[]): string[] {
  const [sale, ...later] = events;
  if (sale?.type !== 'SaleRecorded') return [`sale ${saleId} was changed before it was recorded`];
  if (later.length === 0) return [];
  const broken: string[] = [];
  const voided = later.findIndex(({ type }) => type === 'SaleVoided');
  if (voided >= 0 && later.length > 1)
    broken.push(`sale ${saleId} was voided, and ${later.length - 1} times more changed`);
  const left = paidFor(sale.fields);
  for (const { type, fields } of later) if (type === 'SaleRefunded') giveBack(left, fields);
  for (const [what, amount] of left)
    if (amount < 0) broken.push(`sale ${saleId} gave back ${-amount} too much: ${what}`);
  return broken;
}

/** Amounts and quantities that can be given back, by what they are of. */
function paidFor({ lines, payments, shipping, tax }: Fields): Map<string, number> {
  const left = new Map([
    ['shipping', Number(shipping)],
    ['tax', Number(tax)],
  ]);
  for (const { lineId, quantity, gross = 0, discount = 0 } of lines as Line[]) {
    left.set(`line ${lineId}`, gross - discount);
    left.set(`pieces of line ${lineId}`, quantity);
  }
  for (const { method, amount } of payments as Payment[]) add(left, `by ${method}`, amount);
  return left;
}

function giveBack(left: Map<string, number>, { lines, payments, shipping, tax }: Fields): void {
  add(left, 'shipping', -Number(shipping));
  add(left, 'tax', -Number(tax));
  for (const { lineId, quantity, amount = 0 } of lines as Line[]) {
    add(left, `line ${lineId}`, -amount);
    add(left, `pieces of line ${lineId}`, -quantity);
  }
  for (const { method, amount } of payments as Payment[]) add(left, `by ${method}`, -amount);
}

function add(amounts: Map<string, number>, what: string, amount: number): void {
  amounts.set(what, (amounts.get(what) ?? 0) + amount);
}
