/** Why a command was refused; stable. */
export type RejectionCode =
  /** The id is taken by other content. */
  | 'CONFLICT'
  /** The command breaks a rule that does not depend on what happened before. */
  | 'INVALID'
  /** No sale of this id is recorded. */
  | 'SALE_NOT_FOUND'
  /** Nothing happens to a sale after its void. */
  | 'SALE_VOIDED'
  /** A sale is not voided after a refund. */
  | 'SALE_REFUNDED'
  /** A refund names what the sale has not: a line, or payments that do not add up to it. */
  | 'MISMATCH'
  /** A sale has as many refunds as one can have. */
  | 'TOO_MANY_REFUNDS'
  /** More is asked back than is left of what was paid: of a line, of a payment method, or in all. */
  | 'EXCEEDS_PAID'
  /** Its event would be larger than the log takes. */
  | 'TOO_LARGE'
  /** The record is no command. */
  | 'UNREADABLE'
  /** The record's key or partition is not that of the id in the command. */
  | 'MISROUTED'
  /** A defect kept it from being decided. */
  | 'DECIDE_FAILED';

export interface Refusal {
  code: RejectionCode;
  /** For a person: what was wrong and what to do. Begins with a JSON pointer when a field is at fault. */
  detail: string;
}

export function isRefusal(value: object): value is Refusal {
  return 'code' in value;
}

/** There is nothing to refund or void. */
export function saleNotFound(saleId: string): Refusal {
  return {
    code: 'SALE_NOT_FOUND',
    detail: `no sale ${saleId} is recorded; record it first, then send this again under a new commandId`,
  };
}
