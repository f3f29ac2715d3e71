/** From the JSON that a client sent to a command, or to the problem with it. */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { defaultCommandIds } from '../../domain/command-id.ts';
import { violationOf } from '../../domain/decide.ts';
import type { Command, Payment, RefundLineInput } from '../../domain/messages.generated.ts';
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

/** How to make a command of each type of what a client sent. */
const readers: Record<CommandType, Reader> = {
  RecordSale: reader('RecordSale', toRecordSale),
  RecordReturn: reader('RecordReturn', toRecordReturn),
  RefundSale: reader('RefundSale', toRefundSale),
  VoidSale: reader('VoidSale', toVoidSale),
};

/** Throws {@link ProblemError} when the shape is wrong. */
interface Reader {
  /** Of a body whose type the address tells. */
  body(body: unknown): Command;
  /** Of a line, which names its `type`. */
  line(body: unknown): Command;
}

/** One line of `POST /commands`: the command's fields and its `type`. Throws {@link ProblemError}. */
export function parseTyped(text: string, now: number): Command {
  const body = parseJson(text);
  const type = isObject(body) ? body.type : undefined;
  const known = commandTypes.find((one) => one === type);
  if (known) return checked(readers[known].line(body), now);
  throw new ProblemError(problems.invalid(`type must be one of ${commandTypes.join(', ')}`, '/type'));
}

/** A body whose type the address tells. Throws {@link ProblemError}; `now` in ms bounds its date. */
export function parseCommand(type: CommandType, body: unknown, now: number): Command {
  return checked(readers[type].body(body), now);
}

function checked(command: Command, now: number): Command {
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

function reader<Body>(type: CommandType, toCommand: (body: Body) => Command): Reader {
  const schema = definitions[type];
  const read = (validate: ValidateFunction<Body>) => (body: unknown) => {
    if (!validate(body)) throw new ProblemError(shapeProblem(validate.errors ?? []));
    return toCommand(body);
  };
  return {
    body: read(ajv.compile<Body>(schema)),
    line: read(ajv.compile<Body>({ ...schema, properties: { ...schema.properties, type: true } })),
  };
}

// Field by field: a spread copies such objects 30 times as slowly, and this is done for every command.
function toRecordSale(body: RecordSaleBody): Command {
  const { commandId, saleId, occurredAt, currency, channel, country, customerId = null } = body;
  const { lines, shipping = 0, tax = 0, payments } = body;
  return {
    type: 'RecordSale',
    data: {
      commandId: commandId ?? defaultCommandIds.sale(saleId),
      replyTo: null,
      saleId,
      occurredAt: Date.parse(occurredAt),
      currency,
      channel,
      country,
      customerId,
      lines: lines.map(({ lineId, productId, productName, category, quantity, unitPrice, discount = 0 }, index) => ({
        lineId: lineId ?? String(index + 1),
        productId,
        productName,
        category,
        quantity,
        unitPrice,
        discount,
      })),
      shipping,
      tax,
      payments,
    },
  };
}

function toRecordReturn(body: RecordReturnBody): Command {
  const { commandId, returnId, occurredAt, currency, channel, country, customerId = null, lines, payments } = body;
  return {
    type: 'RecordReturn',
    data: {
      commandId: commandId ?? defaultCommandIds.return(returnId),
      replyTo: null,
      returnId,
      occurredAt: Date.parse(occurredAt),
      currency,
      channel,
      country,
      customerId,
      lines: lines.map(({ lineId, productId, productName, category, quantity, unitPrice }, index) => ({
        lineId: lineId ?? String(index + 1),
        productId,
        productName,
        category,
        quantity,
        unitPrice,
      })),
      payments,
    },
  };
}

function toRefundSale(body: RefundSaleBody): Command {
  const { commandId, saleId, refundId, occurredAt, whole = false, lines = null, amount = null } = body;
  const { shipping = 0, tax = 0, payments = null } = body;
  return {
    type: 'RefundSale',
    data: {
      commandId: commandId ?? defaultCommandIds.refund(saleId, refundId),
      replyTo: null,
      saleId,
      refundId,
      occurredAt: Date.parse(occurredAt),
      whole,
      lines,
      amount,
      shipping,
      tax,
      payments,
    },
  };
}

function toVoidSale({ commandId, saleId, occurredAt }: VoidSaleBody): Command {
  return {
    type: 'VoidSale',
    data: {
      commandId: commandId ?? defaultCommandIds.void(saleId),
      replyTo: null,
      saleId,
      occurredAt: Date.parse(occurredAt),
    },
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
