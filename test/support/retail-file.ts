/** Small files in the shape of the UCI Online Retail dataset, and the real one. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../../dev/local-stack/folder.ts';

const folder = join(projectRoot, 'test/data/uci-online-retail');

export const retailFile = join(folder, 'online-retail.csv.gz');

interface Figures {
  orders: number;
  lines: number;
  quantity: number;
  /** Pounds, as decimal text. */
  revenue: string;
  /** The same with every line rounded to pence first. */
  revenue_line_rounded_half_up: string;
}

export interface Truth {
  lines: number;
  sales: Figures;
  cancellations: Figures;
  zero_or_negative_adjustments: Figures;
  bad_debt_A: Figures;
  sales_by_month: Record<string, Figures>;
  cancellations_by_month: Record<string, Figures>;
  net_by_country: Record<string, Figures>;
}

export const truth: Truth = JSON.parse(readFileSync(join(folder, 'truth.json'), 'utf8'));

/** Pounds as decimal text ("-896812.49", "761739.9") in pence, by digits. */
export function pence(pounds: string): number {
  const [units = '0', fraction = ''] = pounds.replace('-', '').split('.');
  const amount = Number(units + fraction.padEnd(2, '0'));
  return pounds.startsWith('-') ? -amount : amount;
}

export const header = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country';

/** One row of a file; a good one unless told otherwise. */
export function row(
  fields: Partial<Record<'invoice' | 'code' | 'quantity' | 'date' | 'price' | 'country', string>> = {},
) {
  const { invoice = '536365', code = '85123A', quantity = '6', date = '2010-12-01 08:26:00', ...rest } = fields;
  const { price = '2.55', country = 'United Kingdom' } = rest;
  return [invoice, code, 'WHITE LANTERN', quantity, date, price, '17850.0', country].join(',');
}

/** A folder that is gone after the tests of the suite in which this is called. */
export function scratchFolder(): {
  file(name: string, content: string | Uint8Array): string;
  path(name: string): string;
} {
  const path = mkdtempSync(join(tmpdir(), 'sales-test-'));
  after(() => rmSync(path, { recursive: true }));
  return {
    path: (name) => join(path, name),
    file(name, content) {
      writeFileSync(join(path, name), content);
      return join(path, name);
    },
  };
}
