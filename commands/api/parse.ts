/** From the JSON that a client sent to a command, or to the problem with it. */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { violationOf } from '../../domain/decide.ts';
import type {
  Command,
  Payment,
  RecordReturn,
  RecordSale,
  RefundLineInput,
  RefundSale,
  VoidSale,
} from '../../domain/messages.generated.ts';
import { type CommandType, commandTypes } from '../../schemas/catalogue.ts';
import { definitions } from './definitions.ts';
import { ProblemError, problems } from './problem.ts';
import { shapeProblem } from './shape-problem.ts';

interface LineBody {
  lineId?: string;
  productId: string;
  productName: string;
  category: string;
  quantity: number;
  unitPrice: number;
  discount?: number;
}

interface HeadBody {
  commandId?: string;
  occurredAt: string;
}

interface DocumentBody extends HeadBody {
  currency: string;
  channel: string;
  country: string;
  customerId?: string | null;
  lines: LineBody[];
  payments: Payment[];
}

interface RecordSaleBody extends DocumentBody {
  saleId: string;
  shipping?: number;
  tax?: number;
}

interface RecordReturnBody extends DocumentBody {
  returnId: string;
}

interface RefundSaleBody extends HeadBody {
  saleId: string;
  refundId: string;
  whole?: true;
  lines?: RefundLineInput[];
  amount?: number;
  shipping?: number;
  tax?: number;
  payments?: Payment[];
}

interface VoidSaleBody extends HeadBody {
  saleId: string;
}

const ajv = new Ajv2020({ strictTypes: false, strictRequired: false, verbose: true });
formats.default(ajv, ['date-time']);

/** How to check the body of each type of command and make the command of it. Throws {@link ProblemError}. */
const readers: Record<CommandType, (body: unknown) => Command> = {
  RecordSale: reader(definitions.RecordSale, (body: RecordSaleBody) => ({
    type: 'RecordSale',
    data: toRecordSale(body),
  })),
  RecordReturn: reader(definitions.RecordReturn, (body: RecordReturnBody) => ({
    type: 'RecordReturn',
    data: toRecordReturn(body),
  })),
  RefundSale: reader(definitions.RefundSale, (body: RefundSaleBody) => ({
    type: 'RefundSale',
    data: toRefundSale(body),
  })),
  VoidSale: reader(definitions.VoidSale, (body: VoidSaleBody) => ({ type: 'VoidSale', data: toVoidSale(body) })),
};

/** One line of `POST /commands`: the command's fields and its `type`. Throws {@link ProblemError}. */
export function parseTyped(text: string, now: number): Command {
  const body = parseJson(text);
  const { type, ...fields } = isObject(body) ? body : ({} as Record<string, unknown>);
  const known = commandTypes.find((one) => one === type);
  if (known) return parseCommand(known, fields, now);
  throw new ProblemError(problems.invalid(`type must be one of ${commandTypes.join(', ')}`, '/type'));
}

/** A body whose type the address tells. Throws {@link ProblemError}; `now` in ms bounds its date. */
export function parseCommand(type: CommandType, body: unknown, now: number): Command {
  const command = readers[type](body);
  const violation = violationOf(command, now);
  if (violation) throw new ProblemError(problems.invalid(violation.detail, violation.pointer));
  return command;
}

/** Throws {@link ProblemError} on anything that is not JSON. */
export function parseJson(text: string): unknown {
  if (text === '') throw new ProblemError(problems.malformed('there is no body: send the command as JSON'));
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ProblemError(problems.malformed(error instanceof Error ? error.message : String(error)));
  }
}

function reader<Body>(schema: object, toCommand: (body: Body) => Command): (body: unknown) => Command {
  const validate: ValidateFunction<Body> = ajv.compile<Body>(schema);
  return (body) => {
    if (!validate(body)) throw new ProblemError(shapeProblem(validate.errors ?? []));
    return toCommand(body);
  };
}

function toRecordSale(body: RecordSaleBody): RecordSale {
  const { saleId, shipping = 0, tax = 0 } = body;
  const lines = body.lines.map((line, index) => ({ ...lineOf(line, index), discount: line.discount ?? 0 }));
  return { ...documentOf(body, saleId), saleId, lines, shipping, tax };
}

function toRecordReturn(body: RecordReturnBody): RecordReturn {
  const { returnId } = body;
  return { ...documentOf(body, `return:${returnId}`), returnId, lines: body.lines.map(lineOf) };
}

function toRefundSale(body: RefundSaleBody): RefundSale {
  const { saleId, refundId, whole = false, lines = null, amount = null, shipping = 0, tax = 0, payments = null } = body;
  return {
    ...headOf(body, `refund:${saleId}:${refundId}`),
    saleId,
    refundId,
    whole,
    lines,
    amount,
    shipping,
    tax,
    payments,
  };
}

function toVoidSale(body: VoidSaleBody): VoidSale {
  return { ...headOf(body, `void:${body.saleId}`), saleId: body.saleId };
}

function headOf({ commandId, occurredAt }: HeadBody, defaultCommandId: string) {
  return { commandId: commandId ?? defaultCommandId, replyTo: null, occurredAt: Date.parse(occurredAt) };
}

function documentOf(body: DocumentBody, defaultCommandId: string) {
  const { currency, channel, country, customerId = null, payments } = body;
  return { ...headOf(body, defaultCommandId), currency, channel, country, customerId, payments };
}

function lineOf({ lineId, productId, productName, category, quantity, unitPrice }: LineBody, index: number) {
  return { lineId: lineId ?? String(index + 1), productId, productName, category, quantity, unitPrice };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
