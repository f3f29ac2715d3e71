/** Voiding a sale that was a mistake: everything of it is taken back on its own date. Not after a refund. */
import type { SaleVoided, VoidSale } from './messages.generated.ts';
import { type Refusal, saleNotFound } from './refusal.ts';
import type { AcceptedEvent, Content, State } from './state.ts';
import { headViolation, type Violation } from './violations.ts';

/** The first rule that the command breaks whatever it voids, if any. `receivedAt` in ms. */
export function voidViolation(command: VoidSale, receivedAt: number): Violation | undefined {
  return headViolation({ saleId: command.saleId }, command, receivedAt);
}

/** What has to be the same for a void to be a repeat of another. */
export function voidRequest({ occurredAt }: VoidSale | Content<SaleVoided>): object {
  return { occurredAt };
}

/** The void as it would be recorded, or why not. */
export function voidSale({ sale, refunds }: State, command: VoidSale): AcceptedEvent | Refusal {
  const { commandId, saleId, occurredAt } = command;
  if (!sale) return saleNotFound(saleId);
  if (refunds.length > 0) {
    const detail = `sale ${saleId} was refunded, and a refunded sale cannot be voided; refund the rest instead`;
    return { code: 'SALE_REFUNDED', detail };
  }
  const { occurredAt: soldAt, currency, channel, country, customerId, lines, shipping, tax, payments } = sale.content;
  const sold = { soldAt, currency, channel, country, customerId, lines, shipping, tax, payments };
  return { type: 'SaleVoided', data: { commandId, saleId, occurredAt, ...sold } };
}
