/** Recording a return: goods came back and no original sale is known. */
import type { RecordReturn, ReturnLine, ReturnRecorded } from './messages.generated.ts';
import { lineGross, sumOf } from './money.ts';
import type { Content } from './state.ts';
import { amountViolation, type Checked, documentViolation, headViolation, paymentsViolation } from './violations.ts';

/** What is given back, in minor units. */
export function returnTotal(lines: readonly ReturnLine[]): number {
  return sumOf(lines, (line) => line.gross);
}

/** The return as it would be recorded, or the first rule that the command breaks. `receivedAt` in ms. */
export function recordReturn(command: RecordReturn, receivedAt: number): Checked<Content<ReturnRecorded>> {
  const wrong = headViolation({ returnId: command.returnId }, command, receivedAt) ?? documentViolation(command);
  if (wrong) return { violation: wrong };
  const content = returnRecorded(command);
  const total = returnTotal(content.lines);
  const violation = amountViolation('/lines', total) ?? paymentsViolation(content.payments, total);
  return violation ? { violation } : { content };
}

/** Quantities and amounts stay positive. */
function returnRecorded({ replyTo: _, lines, ...rest }: RecordReturn): Content<ReturnRecorded> {
  return {
    ...rest,
    lines: lines.map(({ lineId, productId, productName, category, quantity, unitPrice }) => ({
      lineId,
      productId,
      productName,
      category,
      quantity,
      unitPrice,
      gross: lineGross(quantity, unitPrice, rest.currency),
    })),
  };
}
