/** What must be true of the money of every sale at every moment of the log: nothing is made, nothing gets lost. */
import type { SaleRecorded, SaleRefunded, SaleVoided } from '../../domain/messages.generated.ts';
import type { Standing } from './reader.ts';

/** Minor units, or pieces, that are left of each part of a sale, by the part's name. */
type Left = Map<string, number>;

interface Account {
  sale: SaleRecorded;
  left: Left;
  refunds: number;
  voided: boolean;
}

/** Everything that is wrong with the sales in these events, which are in log order within each sale. */
export function moneyViolations(standing: readonly Standing[]): string[] {
  const accounts = new Map<string, Account>();
  return standing.flatMap(({ event: { type, data } }) => {
    if (type === 'CommandRejected' || type === 'ReturnRecorded') return [];
    const account = accounts.get(data.saleId);
    if (type === 'SaleRecorded') {
      accounts.set(data.saleId, { sale: data, left: partsOf(data), refunds: 0, voided: false });
      return isBalanced(partsOf(data)) ? [] : [`sale ${data.saleId} was not paid what it cost`];
    }
    if (!account) return [`${type} of ${data.saleId}, which was never recorded`];
    if (account.voided) return [`${type} of ${data.saleId} after its void`];
    return type === 'SaleRefunded' ? refund(account, data) : voiding(account, data);
  });
}

function refund(account: Account, data: SaleRefunded): string[] {
  const parts = partsOf(data);
  account.refunds += 1;
  const found = isBalanced(parts) ? [] : [`refund ${data.refundId} of ${data.saleId} does not add up`];
  for (const [part, given] of parts) {
    const left = (account.left.get(part) ?? 0) - given;
    account.left.set(part, left);
    if (given < 0) found.push(`refund ${data.refundId} of ${data.saleId} takes ${given} of ${part}`);
    if (left < 0) found.push(`refund ${data.refundId} of ${data.saleId} leaves ${left} of ${part}`);
  }
  if (!isBalanced(account.left)) found.push(`what is left of ${data.saleId} does not add up`);
  const isAll = [...account.left.values()].every((left) => left === 0);
  if (data.request.whole && !isAll) found.push(`refund ${data.refundId} of ${data.saleId} is not the whole`);
  return found;
}

function voiding(account: Account, data: SaleVoided): string[] {
  account.voided = true;
  const found = account.refunds > 0 ? [`${data.saleId} was voided after a refund`] : [];
  const parts = partsOf(data);
  const isWhole = parts.size === account.left.size && [...parts].every(([part, all]) => account.left.get(part) === all);
  if (!isWhole || data.soldAt !== account.sale.occurredAt) found.push(`the void of ${data.saleId} is not of all of it`);
  return found;
}

/** `pieces …` are counted; all others are amounts: `paid …` on one side, the rest on the other. */
function partsOf({ lines, shipping, tax, payments }: SaleRecorded | SaleRefunded | SaleVoided): Left {
  const parts: Left = new Map();
  const add = (part: string, more: number) => parts.set(part, (parts.get(part) ?? 0) + more);
  for (const line of lines) {
    add(`pieces of line ${line.lineId}`, line.quantity);
    add(`line ${line.lineId}`, 'gross' in line ? line.gross - line.discount : line.amount);
  }
  add('shipping', shipping);
  add('tax', tax);
  for (const { method, amount } of payments) add(`paid ${method}`, amount);
  return parts;
}

function isBalanced(parts: Left): boolean {
  let balance = 0;
  for (const [part, amount] of parts) {
    if (part.startsWith('paid ')) balance -= amount;
    else if (!part.startsWith('pieces ')) balance += amount;
  }
  return balance === 0;
}
