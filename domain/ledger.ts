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

type LineArray = [
  productId: string,
  productName: string,
  category: string,
  quantity: number,
  unitPrice: number,
  gross: number,
  discount?: number,
  lineId?: string,
];
type PaymentArray = [string, number];

/**
 * `[[productId, productName, category, quantity, unitPrice, gross, discount, lineId], …]` as JSON text. What most lines
 * have is left out at the end: a line id that is the position, counted from "1", and with it a discount of 0.
 */
export function encodeLines(lines: readonly (Omit<LedgerLine, 'discount'> & { discount?: number })[]): string {
  return JSON.stringify(
    lines.map(({ lineId, productId, productName, category, quantity, unitPrice, gross, discount = 0 }, index) => {
      const line: LineArray = [productId, productName, category, quantity, unitPrice, gross];
      if (lineId !== positionOf(index)) line.push(discount, lineId);
      else if (discount !== 0) line.push(discount);
      return line;
    }),
  );
}

/** Inverse of {@link encodeLines}. */
export function decodeLines(text: string): LedgerLine[] {
  return (JSON.parse(text) as LineArray[]).map(
    ([productId, productName, category, quantity, unitPrice, gross, discount = 0, lineId], index) => ({
      lineId: lineId ?? positionOf(index),
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

function positionOf(index: number): string {
  return String(index + 1);
}

/** `[[method, amount], …]` as JSON text. */
export function encodePayments(payments: readonly Payment[]): string {
  return JSON.stringify(payments.map(({ method, amount }) => [method, amount]));
}

/** Inverse of {@link encodePayments}. */
export function decodePayments(text: string): Payment[] {
  return (JSON.parse(text) as PaymentArray[]).map(([method, amount]) => ({ method, amount }));
}
