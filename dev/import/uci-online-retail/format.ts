/** Format `uci-online-retail`: every row of a web shop's invoices. The data's README says what is odd in it. */
import { lineGross, sumOf } from '../../../domain/money.ts';
import { type DocumentJson, domainIdOf } from '../../command-json.ts';
import { DevError } from '../../dev-error.ts';
import type { CsvRow } from '../csv-file.ts';
import type { FormatReader, ImportFormat } from '../format.ts';
import type { Note } from '../notes.ts';
import { type Invoice, InvoiceBook } from './invoice-book.ts';
import { columns, type Fields, lineReader } from './line.ts';

const CURRENCY = 'GBP';
const PREFIX = 'uci-';

export const uciOnlineRetail: ImportFormat = {
  name: 'uci-online-retail',
  description: 'UCI Online Retail: a UK web shop, 2010-2011, GBP',
  createReader: () => new RetailReader(),
};

class RetailReader implements FormatReader {
  private readonly book = new InvoiceBook();
  private readonly readLine = lineReader();
  private toFields: ((fields: string[]) => Fields) | undefined;
  private width = 0;
  private lastInvoice = '';
  importableRows = 0;

  read({ line, fields, problem }: CsvRow): Note | undefined {
    if (!this.toFields) {
      this.toFields = fieldsBy(fields);
      this.width = fields.length;
      return undefined;
    }
    const values = this.toFields(fields);
    const invoice = values.InvoiceNo;
    this.lastInvoice = invoice;
    if (problem) return { line, invoice, reason: 'bad_line', detail: problem };
    const read =
      fields.length !== this.width
        ? { reason: 'bad_line' as const, detail: `has ${fields.length} columns, not ${this.width}` }
        : this.readLine(values);
    if ('kind' in read) {
      this.book.add(read, line);
      this.importableRows += 1;
      return undefined;
    }
    return { line, invoice, ...read };
  }

  finish(damaged: boolean): Note[] {
    if (!this.toFields) throw wrongColumns(columns);
    const last = damaged ? this.book.get(this.lastInvoice) : undefined;
    if (!last) return [];
    last.heldBack = true;
    this.importableRows -= last.lineCount;
    const detail = `invoice ${last.number}: the file breaks off in or after it`;
    return Array.from(this.book.linesOf(last), ({ line }) => {
      return { line, invoice: last.number, reason: 'held_back', detail };
    });
  }

  *commands(): Generator<DocumentJson> {
    for (const invoice of this.book.all()) if (!invoice.heldBack) yield this.commandOf(invoice);
  }

  linesOf(command: DocumentJson): { line: number; document: string }[] {
    const document = domainIdOf(command).slice(PREFIX.length);
    const invoice = this.book.get(document);
    return invoice ? Array.from(this.book.linesOf(invoice), ({ line }) => ({ line, document })) : [];
  }

  private commandOf(invoice: Invoice): DocumentJson {
    const lines = Array.from(this.book.linesOf(invoice), ({ stockCode, description, quantity, unitPrice }) => ({
      productId: stockCode,
      productName: description,
      category: 'uncategorised',
      quantity,
      unitPrice,
    }));
    const document = {
      occurredAt: new Date(invoice.occurredAt).toISOString(),
      currency: CURRENCY,
      channel: 'online',
      country: invoice.country,
      customerId: invoice.customerId,
      lines,
      payments: [
        { method: 'unknown', amount: sumOf(lines, (line) => lineGross(line.quantity, line.unitPrice, CURRENCY)) },
      ],
    };
    const id = PREFIX + invoice.number;
    return invoice.kind === 'sale'
      ? { type: 'RecordSale', saleId: id, ...document }
      : { type: 'RecordReturn', returnId: id, ...document };
  }
}

/** Columns are found by name, in any order. */
function fieldsBy(header: string[]): (fields: string[]) => Fields {
  const places = new Map(header.map((name, index) => [name.trim(), index]));
  const missing = columns.filter((name) => !places.has(name));
  if (missing.length > 0) throw wrongColumns(missing);
  return (fields) => {
    const at = (name: (typeof columns)[number]) => fields[places.get(name) ?? -1]?.trim() ?? '';
    return {
      InvoiceNo: at('InvoiceNo'),
      StockCode: at('StockCode'),
      Description: at('Description'),
      Quantity: at('Quantity'),
      InvoiceDate: at('InvoiceDate'),
      UnitPrice: at('UnitPrice'),
      CustomerID: at('CustomerID'),
      Country: at('Country'),
    };
  };
}

function wrongColumns(missing: readonly string[]): DevError {
  return new DevError(
    `The file has no column ${missing.join(', ')}.`,
    `Its first line must name the columns of ${uciOnlineRetail.name}: ${columns.join(',')}`,
  );
}
