/** The rules that commands share, whoever sends them: HTTP, a bulk import or a Kafka-native producer. */
import { looksLikePlace } from './command-id.ts';
import type { Payment, RecordReturn, RecordSale } from './messages.generated.ts';
import { isCurrency, lineGross, MAX_AMOUNT, sumOf } from './money.ts';

/** What is wrong with a command, and where: `pointer` is a JSON pointer into it. */
export interface Violation {
  pointer: string;
  detail: string;
}

/** A command's own content: in order, or what is wrong with it. */
export type Checked<Content> =
  | { content: Content; violation?: undefined }
  | { violation: Violation; content?: undefined };

export const limits = {
  lines: 2000,
  payments: 50,
  /** Of one sale. */
  refunds: 1000,
  idLength: 128,
  /** A command id may be made of two ids, with escapes. */
  commandIdLength: 800,
  textLength: 512,
  quantity: 1_000_000_000,
  /** Millionths of the currency unit. */
  unitPrice: 1_000_000_000_000_000,
  /** Milliseconds since 1970: no sale is older than 1970. */
  earliest: 0,
  /** How far a client's clock may be ahead, in milliseconds. */
  clockAhead: 24 * 3600 * 1000,
} as const;

type Document = RecordSale | RecordReturn;

interface Head {
  commandId: string;
  occurredAt: number;
}

const noControls = /^[^\p{Cc}\p{Cs}]+$/u;

/** The rules for ids and time, by the names of the ids. `receivedAt`: when the command reached the log or the API, ms. */
export function headViolation(ids: Record<string, string>, command: Head, receivedAt: number): Violation | undefined {
  for (const [name, id] of Object.entries(ids)) {
    const wrong = textViolation(`/${name}`, id, limits.idLength);
    if (wrong) return wrong;
  }
  return commandIdViolation(command.commandId) ?? timeViolation(command.occurredAt, receivedAt);
}

export function commandIdViolation(commandId: string): Violation | undefined {
  if (looksLikePlace(commandId)) {
    return { pointer: '/commandId', detail: 'must not look like partition:offset; that names places in the log' };
  }
  return textViolation('/commandId', commandId, limits.commandIdLength);
}

/** The rules that sales and returns share besides. */
export function documentViolation(command: Document): Violation | undefined {
  return codesViolation(command) ?? linesViolation(command);
}

/** Payments must add up to what is due, in minor units. */
export function paymentsViolation(payments: readonly Payment[], due: number): Violation | undefined {
  const wrong = paymentListViolation(payments);
  if (wrong) return wrong;
  const paid = sumOf(payments, (payment) => payment.amount);
  if (paid === due) return undefined;
  return { pointer: '/payments', detail: `payments add up to ${paid} minor units, but ${due} are due` };
}

/** Each payment by itself. */
export function paymentListViolation(payments: readonly Payment[]): Violation | undefined {
  if (payments.length > limits.payments) return tooMany('/payments', payments.length, limits.payments);
  for (const [index, { method, amount }] of payments.entries()) {
    const wrong =
      textViolation(`/payments/${index}/method`, method, limits.idLength) ??
      amountViolation(`/payments/${index}/amount`, amount);
    if (wrong) return wrong;
  }
  return undefined;
}

/** A whole amount of minor units, not negative and within bounds. */
export function amountViolation(pointer: string, amount: number): Violation | undefined {
  if (Number.isInteger(amount) && amount >= 0 && amount <= MAX_AMOUNT) return undefined;
  return { pointer, detail: `must be a whole number of minor units from 0 to ${MAX_AMOUNT}, but is ${amount}` };
}

function timeViolation(occurredAt: number, receivedAt: number): Violation | undefined {
  const latest = receivedAt + limits.clockAhead;
  if (Number.isInteger(occurredAt) && occurredAt >= limits.earliest && occurredAt <= latest) return undefined;
  return {
    pointer: '/occurredAt',
    detail: 'must lie between 1970-01-01T00:00:00Z and one day after now; check the date and the time zone',
  };
}

function codesViolation({ currency, country, channel, customerId }: Document): Violation | undefined {
  if (!isCurrency(currency)) {
    return { pointer: '/currency', detail: `must be an ISO 4217 code such as USD, but is ${JSON.stringify(currency)}` };
  }
  if (!/^[A-Z]{2}$/.test(country)) {
    return {
      pointer: '/country',
      detail: `must be an ISO 3166 alpha-2 code such as GB (ZZ: unknown), but is ${JSON.stringify(country)}`,
    };
  }
  return (
    textViolation('/channel', channel, limits.idLength) ??
    (customerId === null ? undefined : textViolation('/customerId', customerId, limits.idLength))
  );
}

function linesViolation(command: Document): Violation | undefined {
  const { lines, currency } = command;
  const wrongIds = lineIdsViolation(lines);
  if (wrongIds) return wrongIds;
  for (const [index, line] of lines.entries()) {
    const at = `/lines/${index}`;
    const wrong =
      textViolation(`${at}/productId`, line.productId, limits.idLength) ??
      textViolation(`${at}/productName`, line.productName, limits.textLength) ??
      textViolation(`${at}/category`, line.category, limits.idLength) ??
      quantityViolation(`${at}/quantity`, line.quantity) ??
      wholeViolation(`${at}/unitPrice`, line.unitPrice, 0, limits.unitPrice) ??
      amountViolation(at, lineGross(line.quantity, line.unitPrice, currency));
    if (wrong) return wrong;
  }
  return undefined;
}

/** At least one line, not too many, each with an id of its own. */
export function lineIdsViolation(lines: readonly { lineId: string }[]): Violation | undefined {
  if (lines.length === 0) return { pointer: '/lines', detail: 'must have at least one line' };
  if (lines.length > limits.lines) return tooMany('/lines', lines.length, limits.lines);
  const seen = new Set<string>();
  for (const [index, { lineId }] of lines.entries()) {
    const pointer = `/lines/${index}/lineId`;
    const wrong = textViolation(pointer, lineId, limits.idLength);
    if (wrong) return wrong;
    if (seen.has(lineId)) return { pointer, detail: `${lineId} names two lines` };
    seen.add(lineId);
  }
  return undefined;
}

/** A whole number of pieces, one or more. */
export function quantityViolation(pointer: string, quantity: number): Violation | undefined {
  return wholeViolation(pointer, quantity, 1, limits.quantity);
}

function wholeViolation(pointer: string, value: number, least: number, most: number): Violation | undefined {
  if (Number.isInteger(value) && value >= least && value <= most) return undefined;
  return { pointer, detail: `must be a whole number from ${least} to ${most}, but is ${value}` };
}

/** Whether this can be an id: 1 to 128 characters, none of them a control character or half a surrogate pair. */
export function isId(text: string): boolean {
  return isText(text, limits.idLength);
}

/** As {@link isId}, with up to 800 characters, and nothing that could be the place of a command. */
export function isCommandId(text: string): boolean {
  return isText(text, limits.commandIdLength) && !looksLikePlace(text);
}

function isText(text: string, longest: number): boolean {
  return text.length <= longest && noControls.test(text);
}

function textViolation(pointer: string, text: string, longest: number): Violation | undefined {
  if (isText(text, longest)) return undefined;
  return { pointer, detail: `must be 1 to ${longest} characters without control characters` };
}

function tooMany(pointer: string, count: number, most: number): Violation {
  return { pointer, detail: `has ${count} entries, at most ${most} are allowed` };
}
