/** The return: goods came back and no original sale is known. */
import type { RecordReturn, ReturnLine, ReturnRecorded } from './messages.generated.ts';
import { lineGross, sumOf } from './money.ts';
import type { Content } from './state.ts';
import { amountViolation, documentViolation, paymentsViolation, type Violation } from './violations.ts';

/** What is given back, in minor units. */
export function returnTotal(lines: readonly ReturnLine[]): number {
  return sumOf(lines, (line) => line.gross);
}

/** The return as it would be recorded; quantities and amounts stay positive. */
export function returnRecorded(command: RecordReturn): Content<ReturnRecorded> {
  const { replyTo: _, lines, ...rest } = command;
  return {
    ...rest,
    lines: lines.map(({ lineId, productId, productName, category, quantity, unitPrice }) => ({
      lineId,
      productId,
      productName,
      category,
      quantity,
      unitPrice,
      gross: lineGross(quantity, unitPrice, command.currency),
    })),
  };
}

/** The first rule that the command breaks, if any. `receivedAt` in ms. */
export function returnViolation(command: RecordReturn, receivedAt: number): Violation | undefined {
  const shared = documentViolation(['returnId', command.returnId], command, receivedAt);
  if (shared) return shared;
  const total = returnTotal(returnRecorded(command).lines);
  return amountViolation('/lines', total) ?? paymentsViolation(command.payments, total);
}
