/** Commands as the command API takes them in JSON: what has a default may be left out, time is ISO 8601 text. */
import type {
  Payment,
  RecordReturn,
  RecordSale,
  RefundLineInput,
  SaleLineInput,
} from '../domain/messages.generated.ts';

type Head = 'currency' | 'channel' | 'country';

export interface LineJson extends Omit<SaleLineInput, 'lineId' | 'discount'> {
  /** The line's position, counted from "1", unless given. */
  lineId?: string;
  /** Minor units; sales only. */
  discount?: number;
}

interface HeadJson {
  commandId?: string;
  /** ISO 8601 with an offset or Z. */
  occurredAt: string;
}

interface SoldJson extends HeadJson {
  customerId?: string;
  lines: LineJson[];
  payments: Payment[];
}

export interface RecordSaleJson extends SoldJson, Pick<RecordSale, Head> {
  type: 'RecordSale';
  saleId: string;
  /** Minor units. */
  shipping?: number;
  /** Minor units. */
  tax?: number;
}

export interface RecordReturnJson extends SoldJson, Pick<RecordReturn, Head> {
  type: 'RecordReturn';
  returnId: string;
}

/** Exactly one of whole, lines and amount. */
export interface RefundSaleJson extends HeadJson {
  type: 'RefundSale';
  saleId: string;
  /** Unique within its sale. */
  refundId: string;
  /** All that is left of the sale, with shipping and tax. */
  whole?: true;
  lines?: RefundLineInput[];
  /** Minor units, spread over the lines. */
  amount?: number;
  /** Minor units, beside lines or amount. */
  shipping?: number;
  /** Minor units, beside lines or amount. */
  tax?: number;
  /** In proportion to what is left of the sale's unless given. */
  payments?: Payment[];
}

export interface VoidSaleJson extends HeadJson {
  type: 'VoidSale';
  saleId: string;
}

/** What has lines of its own. */
export type DocumentJson = RecordSaleJson | RecordReturnJson;

export type CommandJson = DocumentJson | RefundSaleJson | VoidSaleJson;

/** RFC 9457, as the command API answers. */
export interface Problem {
  title: string;
  status: number;
  type?: string;
  detail?: string;
  /** JSON pointer to the field that is wrong. */
  pointer?: string;
}

/**
 * What became of one command: in the log as accepted or rejected, or invalid, which never got there; unless
 * {@link isUndecided}, which may or may not be there.
 */
export type Outcome =
  | { outcome: 'accepted'; commandId: string; eventId: string; position: string; repeated: boolean }
  | {
      outcome: 'rejected';
      commandId: string;
      eventId: string;
      position: string;
      repeated: boolean;
      code: string;
      detail: string;
    }
  | { outcome: 'invalid'; problem: Problem };

/** The command side could not say in time; asking again tells. */
export function isUndecided(outcome: Outcome): boolean {
  return (
    outcome.outcome === 'invalid' && ([408, 429].includes(outcome.problem.status) || outcome.problem.status >= 500)
  );
}

/** saleId or returnId: what the command may do once. */
export function domainIdOf(command: DocumentJson): string {
  return command.type === 'RecordSale' ? command.saleId : command.returnId;
}

/** One line for a person. */
export function describeProblem(problem: Problem): string {
  const where = problem.pointer ? ` (${problem.pointer})` : '';
  return `${problem.title}${problem.detail ? `: ${problem.detail}` : ''}${where}`;
}
