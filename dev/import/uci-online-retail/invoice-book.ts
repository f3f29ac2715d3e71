/**
 * Lines grouped by invoice over a whole file: any line may belong to any invoice, so nothing can go before the last
 * row is read. Kept compactly (48 bytes a line, texts once), 541,909 lines take about 30 MB.
 */
import type { Line } from './line.ts';

export interface Invoice extends Pick<Line, 'kind' | 'occurredAt' | 'country'> {
  /** As written in the file. */
  number: string;
  customerId: string | undefined;
  lineCount: number;
  /** It may lack lines, since the file breaks off in or after it: it must not go as it is. */
  heldBack: boolean;
  /** First and last of its records. */
  first: number;
  last: number;
}

export interface InvoiceLine extends Pick<Line, 'stockCode' | 'description' | 'quantity' | 'unitPrice'> {
  /** Line in the file. */
  line: number;
}

/** Numbers of one record: stock code and description (places in their lists), quantity, unit price, line, next record. */
const WIDTH = 6;
const RECORDS_A_CHUNK = 16_384;
const END = -1;

export class InvoiceBook {
  private readonly invoices = new Map<string, Invoice>();
  private readonly stockCodes = new Texts();
  private readonly descriptions = new Texts();
  private readonly chunks: Float64Array[] = [];
  private records = 0;

  /** An invoice keeps its first line's time and country, and the first customer that any of its lines names. */
  add(line: Line, lineNumber: number): void {
    const record = this.append([
      this.stockCodes.placeOf(line.stockCode),
      this.descriptions.placeOf(line.description),
      line.quantity,
      line.unitPrice,
      lineNumber,
      END,
    ]);
    const invoice = this.invoices.get(line.invoice);
    if (!invoice) {
      const { kind, occurredAt, country, customerId, invoice: number } = line;
      const start = { lineCount: 1, heldBack: false, first: record, last: record };
      this.invoices.set(number, { kind, number, occurredAt, country, customerId, ...start });
      return;
    }
    this.write(invoice.last, WIDTH - 1, record);
    invoice.last = record;
    invoice.lineCount += 1;
    invoice.customerId ??= line.customerId;
  }

  get(number: string): Invoice | undefined {
    return this.invoices.get(number);
  }

  /** In the order in which they first appear. */
  all(): Iterable<Invoice> {
    return this.invoices.values();
  }

  *linesOf(invoice: Invoice): Generator<InvoiceLine> {
    for (let record = invoice.first; record !== END; record = this.read(record, 5)) {
      yield {
        stockCode: this.stockCodes.at(this.read(record, 0)),
        description: this.descriptions.at(this.read(record, 1)),
        quantity: this.read(record, 2),
        unitPrice: this.read(record, 3),
        line: this.read(record, 4),
      };
    }
  }

  private append(values: number[]): number {
    const record = this.records;
    this.records += 1;
    if (record % RECORDS_A_CHUNK === 0) this.chunks.push(new Float64Array(RECORDS_A_CHUNK * WIDTH));
    for (const [index, value] of values.entries()) this.write(record, index, value);
    return record;
  }

  private write(record: number, index: number, value: number): void {
    const chunk = this.chunks[Math.floor(record / RECORDS_A_CHUNK)];
    if (chunk) chunk[(record % RECORDS_A_CHUNK) * WIDTH + index] = value;
  }

  private read(record: number, index: number): number {
    return this.chunks[Math.floor(record / RECORDS_A_CHUNK)]?.[(record % RECORDS_A_CHUNK) * WIDTH + index] ?? END;
  }
}

/** Each distinct text once, known by its place. */
class Texts {
  private readonly places = new Map<string, number>();
  private readonly texts: string[] = [];

  placeOf(text: string): number {
    const known = this.places.get(text);
    if (known !== undefined) return known;
    this.places.set(text, this.texts.length);
    this.texts.push(text);
    return this.texts.length - 1;
  }

  at(place: number): string {
    return this.texts[place] ?? '';
  }
}
