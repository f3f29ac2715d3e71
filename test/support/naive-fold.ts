/**
 * The read models computed the dull way: one event at a time, exact integers, no batches, no definitions. Shares no
 * code with the projections, so that agreeing with it means something.
 */
import type { Event } from '../../domain/messages.generated.ts';

export interface Recorded {
  event: Event;
  partition: number;
  offset: number;
  /** Milliseconds since 1970 UTC. */
  recordedAt: number;
}

type Figures = Record<string, bigint | string>;
/** Table name -> key columns joined by `|` -> figures. Times are ISO texts. */
export type NaiveTables = Record<string, Map<string, Figures>>;

export function naiveFold(log: readonly Recorded[], storeTimeZone: string): NaiveTables {
  const tables: NaiveTables = {
    sales: new Map(),
    revenue: new Map(),
    categories: new Map(),
    payment_methods: new Map(),
    products: new Map(),
  };
  for (const recorded of [...log].sort(byRecording)) addTo(tables, recorded, storeTimeZone);
  return tables;
}

function addTo(tables: NaiveTables, { event: { type, data } }: Recorded, zone: string): void {
  if (type === 'CommandRejected') return;
  const isSale = type === 'SaleRecorded';
  const at = new Date(data.occurredAt);
  const quarter = Math.floor(at.getUTCMinutes() / 15) * 15;
  const bucket = new Date(new Date(at).setUTCMinutes(quarter, 0, 0)).toISOString();
  const day = at.toLocaleDateString('sv-SE', { timeZone: zone });
  const group = [data.currency, data.channel, data.country].join('|');
  const add = (table: string, key: string, figures: Record<string, number | string>) => {
    const row = tables[table]?.get(key) ?? {};
    for (const [name, value] of Object.entries(figures)) {
      row[name] = typeof value === 'string' ? value : BigInt(row[name] ?? 0) + BigInt(value);
    }
    tables[table]?.set(key, row);
  };

  const discountOf = (line: object) => ('discount' in line ? Number(line.discount) : 0);
  const seen = new Set<string>();
  const once = (what: string) => (!seen.has(what) && seen.add(what) ? 1 : 0);
  add(
    'revenue',
    `${bucket}|${group}`,
    isSale ? { orders: 1, shipping: data.shipping, tax: data.tax } : { return_count: 1 },
  );
  for (const line of data.lines) {
    const sold = { units: line.quantity, gross: line.gross, discounts: discountOf(line) };
    const returned = { return_units: line.quantity, returns: line.gross };
    const { category, productId, productName } = line;
    add('revenue', `${bucket}|${group}`, isSale ? sold : returned);
    add('categories', `${bucket}|${group}|${category}`, isSale ? { ...sold, orders: once(`c${category}`) } : returned);
    add('products', `${day}|${group}|${productId}`, {
      ...(isSale ? { ...sold, orders: once(`p${productId}`) } : returned),
      product_name: productName,
      category,
    });
  }
  for (const { method, amount } of data.payments) {
    const figures: Record<string, number> = isSale ? { payments: 1, amount } : { return_count: 1, returns: amount };
    add('payment_methods', `${bucket}|${group}|${method}`, figures);
  }
  const id = isSale ? `${data.saleId}|SALE` : `${data.returnId}|RETURN`;
  for (const line of data.lines) {
    add('sales', id, { units: line.quantity, gross: line.gross, discounts: discountOf(line) });
  }
  for (const { amount } of data.payments) add('sales', id, { total: amount });
}

/** By append time, then partition, then offset: what "last recorded" means. */
function byRecording(a: Recorded, b: Recorded): number {
  return a.recordedAt - b.recordedAt || a.partition - b.partition || a.offset - b.offset;
}
