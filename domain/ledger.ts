/** The compact text in which the ledger keeps a document's lines and payments: positional arrays, no field names. */
import type { Payment } from './messages.generated.ts';

/** A line of a sale or a return as the ledger keeps it. Amounts in minor units; returns have no discount (0). */
export interface LedgerLine {
  lineId: string;
  productId: string;
  productName: string;
  category: string;
  quantity: number;
  /** Millionths of the currency unit. */
  unitPrice: number;
  gross: number;
  discount: number;
}

type LineArray = [string, string, string, string, number, number, number, number];
type PaymentArray = [string, number];

/** `[[lineId, productId, productName, category, quantity, unitPrice, gross, discount], …]` as JSON text. */
export function encodeLines(lines: readonly (Omit<LedgerLine, 'discount'> & { discount?: number })[]): string {
  return JSON.stringify(
    lines.map((line) => [
      line.lineId,
      line.productId,
      line.productName,
      line.category,
      line.quantity,
      line.unitPrice,
      line.gross,
      line.discount ?? 0,
    ]),
  );
}

/** Inverse of {@link encodeLines}. */
export function decodeLines(text: string): LedgerLine[] {
  return (JSON.parse(text) as LineArray[]).map(
    ([lineId, productId, productName, category, quantity, unitPrice, gross, discount]) => ({
      lineId,
      productId,
      productName,
      category,
      quantity,
      unitPrice,
      gross,
      discount,
    }),
  );
}

/** `[[method, amount], …]` as JSON text. */
export function encodePayments(payments: readonly Payment[]): string {
  return JSON.stringify(payments.map(({ method, amount }) => [method, amount]));
}

/** Inverse of {@link encodePayments}. */
export function decodePayments(text: string): Payment[] {
  return (JSON.parse(text) as PaymentArray[]).map(([method, amount]) => ({ method, amount }));
}
