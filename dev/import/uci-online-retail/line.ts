/** One row of the dataset: what it says, and which kind of line that makes it. */
import { DateTime } from 'luxon';
import { parseMillionths, parseWhole } from '../decimal.ts';
import type { FaultReason, Note, SkipReason } from '../notes.ts';
import { countryCodes } from './countries.ts';

export const columns = [
  'InvoiceNo',
  'StockCode',
  'Description',
  'Quantity',
  'InvoiceDate',
  'UnitPrice',
  'CustomerID',
  'Country',
] as const;

export type Fields = Record<(typeof columns)[number], string>;

/** A line of a sale or of a return; quantity and unit price are not negative. */
export interface Line {
  kind: 'sale' | 'return';
  invoice: string;
  stockCode: string;
  description: string;
  quantity: number;
  /** Milliseconds since 1970 UTC. */
  occurredAt: number;
  /** Millionths of a pound. */
  unitPrice: number;
  customerId: string | undefined;
  /** ISO 3166 alpha-2. */
  country: string;
}

/** Why a row is not part of a sale or a return. */
export type Unfit = Pick<Note, 'detail'> & { reason: SkipReason | Extract<FaultReason, 'bad_line'> };

/** The shop's clock: timestamps in the file carry no zone. */
const ZONE = 'Europe/London';

export type LineReader = (fields: Fields) => Line | Unfit;

/** Remembers the last timestamp, since the lines of an invoice share it and reading one takes longer than all the rest. */
export function lineReader(): LineReader {
  let lastText: string | undefined;
  let lastInstant: number | undefined;
  const instantOf = (text: string) => {
    if (text !== lastText) {
      lastText = text;
      const time = DateTime.fromFormat(text, 'yyyy-MM-dd HH:mm:ss', { zone: ZONE });
      lastInstant = time.isValid ? time.toMillis() : undefined;
    }
    return lastInstant;
  };
  return (fields) => readLine(fields, instantOf);
}

function readLine(fields: Fields, instantOf: (text: string) => number | undefined): Line | Unfit {
  const { InvoiceNo: invoice, StockCode: stockCode } = fields;
  const quantity = parseWhole(fields.Quantity);
  const unitPrice = parseMillionths(fields.UnitPrice);
  const occurredAt = instantOf(fields.InvoiceDate);
  const country = countryCodes.get(fields.Country);
  if (!/^[AC]?\d+$/.test(invoice)) return bad('InvoiceNo', invoice, 'digits, or C or A and digits');
  if (stockCode === '') return bad('StockCode', stockCode, 'a product code');
  if (quantity === undefined) return bad('Quantity', fields.Quantity, 'a whole number');
  if (occurredAt === undefined) return bad('InvoiceDate', fields.InvoiceDate, 'a time such as 2010-12-01 08:26:00');
  if (unitPrice === undefined) return bad('UnitPrice', fields.UnitPrice, 'a decimal such as 2.55');
  if (country === undefined) return bad('Country', fields.Country, 'one of the 38 names of this dataset');
  const unfit = unfitness(invoice, quantity, unitPrice);
  if (unfit) return { reason: unfit, detail: `${quantity} x ${fields.UnitPrice} ${fields.Description}`.trim() };
  return {
    kind: invoice.startsWith('C') ? 'return' : 'sale',
    invoice,
    stockCode,
    description: fields.Description || stockCode,
    quantity: Math.abs(quantity),
    occurredAt,
    unitPrice,
    customerId: fields.CustomerID.replace(/\.0$/, '') || undefined,
    country,
  };
}

function unfitness(invoice: string, quantity: number, unitPrice: number): SkipReason | undefined {
  if (invoice.startsWith('A')) return 'bad_debt';
  if (invoice.startsWith('C')) return quantity >= 0 || unitPrice < 0 ? 'not_a_return' : undefined;
  if (quantity <= 0) return 'stock_movement';
  return unitPrice <= 0 ? 'no_price' : undefined;
}

function bad(column: string, text: string, expected: string): Unfit {
  return { reason: 'bad_line', detail: `${column} is ${JSON.stringify(text)}, not ${expected}` };
}
