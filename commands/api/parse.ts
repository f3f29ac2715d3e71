/** From the JSON that a client sent to a command, or to the problem with it. */
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { violationOf } from '../../domain/decide.ts';
import type { Command, Payment, RecordReturn, RecordSale } from '../../domain/messages.generated.ts';
import { type CommandType, commandTypes } from '../../schemas/catalogue.ts';
import { recordReturn, recordSale } from './definitions.ts';
import { type Problem, ProblemError, problems } from './problem.ts';

interface LineBody {
  lineId?: string;
  productId: string;
  productName: string;
  category: string;
  quantity: number;
  unitPrice: number;
  discount?: number;
}

interface DocumentBody {
  commandId?: string;
  saleId: string;
  returnId: string;
  occurredAt: string;
  currency: string;
  channel: string;
  country: string;
  customerId?: string | null;
  lines: LineBody[];
  shipping?: number;
  tax?: number;
  payments: Payment[];
}

const ajv = new Ajv2020({ strictTypes: false });
formats.default(ajv, ['date-time']);
const validators: Record<CommandType, ValidateFunction<DocumentBody>> = {
  RecordSale: ajv.compile<DocumentBody>(recordSale),
  RecordReturn: ajv.compile<DocumentBody>(recordReturn),
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
  const validate = validators[type];
  if (!validate(body)) throw new ProblemError(shapeProblem(validate.errors?.[0]));
  const command = toCommand(type, body);
  const violation = violationOf(command, now);
  if (violation) throw new ProblemError(problems.invalid(violation.detail, violation.pointer));
  return command;
}

/** Throws {@link ProblemError} on anything that is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ProblemError(problems.malformed(error instanceof Error ? error.message : String(error)));
  }
}

function toCommand(type: CommandType, body: DocumentBody): Command {
  return type === 'RecordSale' ? { type, data: toRecordSale(body) } : { type, data: toRecordReturn(body) };
}

function toRecordSale(body: DocumentBody): RecordSale {
  return {
    ...common(body, body.saleId),
    saleId: body.saleId,
    lines: body.lines.map((line, index) => ({ ...lineOf(line, index), discount: line.discount ?? 0 })),
    shipping: body.shipping ?? 0,
    tax: body.tax ?? 0,
  };
}

function toRecordReturn(body: DocumentBody): RecordReturn {
  return { ...common(body, body.returnId), returnId: body.returnId, lines: body.lines.map(lineOf) };
}

function common({ commandId, occurredAt, currency, channel, country, customerId, payments }: DocumentBody, id: string) {
  return {
    commandId: commandId ?? id,
    replyTo: null,
    occurredAt: Date.parse(occurredAt),
    currency,
    channel,
    country,
    customerId: customerId ?? null,
    payments,
  };
}

function lineOf({ lineId, productId, productName, category, quantity, unitPrice }: LineBody, index: number) {
  return { lineId: lineId ?? String(index + 1), productId, productName, category, quantity, unitPrice };
}

function shapeProblem(error: ErrorObject | undefined): Problem {
  const { instancePath = '', keyword = '', message = 'is not valid', params = {} } = error ?? {};
  if (keyword === 'required')
    return problems.invalid(`${params.missingProperty} is missing`, `${instancePath}/${params.missingProperty}`);
  if (keyword === 'additionalProperties') {
    return problems.invalid(
      `${params.additionalProperty} is no field of this command`,
      `${instancePath}/${params.additionalProperty}`,
    );
  }
  return problems.invalid(message, instancePath);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
