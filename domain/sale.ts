/** The sale: what can happen to it, what is remembered of it, what may be decided about it. */
import type { RecordSale, SaleLine, SaleRecorded } from './messages.generated.ts';
import { lineGross, sumOf } from './money.ts';
import type { Content } from './state.ts';
import { amountViolation, documentViolation, paymentsViolation, type Violation } from './violations.ts';

/** gross - discounts of the lines, in minor units. */
export function netOfLines(lines: readonly SaleLine[]): number {
  return sumOf(lines, (line) => line.gross - line.discount);
}

/** What the customer pays: net + shipping + tax, in minor units. */
export function saleTotal(sale: Pick<SaleRecorded, 'lines' | 'shipping' | 'tax'>): number {
  return netOfLines(sale.lines) + sale.shipping + sale.tax;
}

/** The sale as it would be recorded: each line's gross is rounded here, once and for all. */
export function saleRecorded(command: RecordSale): Content<SaleRecorded> {
  const { replyTo: _, lines, ...rest } = command;
  return {
    ...rest,
    lines: lines.map(({ lineId, productId, productName, category, quantity, unitPrice, discount }) => ({
      lineId,
      productId,
      productName,
      category,
      quantity,
      unitPrice,
      gross: lineGross(quantity, unitPrice, command.currency),
      discount,
    })),
  };
}

/** The first rule that the command breaks, if any. `receivedAt` in ms. */
export function saleViolation(command: RecordSale, receivedAt: number): Violation | undefined {
  const shared =
    documentViolation(['saleId', command.saleId], command, receivedAt) ??
    amountViolation('/shipping', command.shipping) ??
    amountViolation('/tax', command.tax);
  if (shared) return shared;
  const sale = saleRecorded(command);
  const dear = sale.lines.findIndex(
    (line) => !Number.isInteger(line.discount) || line.discount < 0 || line.discount > line.gross,
  );
  if (dear >= 0) {
    return {
      pointer: `/lines/${dear}/discount`,
      detail: `must be from 0 to the line's gross of ${sale.lines[dear]?.gross} minor units`,
    };
  }
  const total = saleTotal(sale);
  return amountViolation('/lines', total) ?? paymentsViolation(command.payments, total);
}
