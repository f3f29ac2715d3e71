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
type Line = Record<'category' | 'productId' | 'productName', string>;
/** Table name -> key columns joined by `|` -> figures. Times are ISO texts. */
export type NaiveTables = Record<string, Map<string, Figures>>;

export function naiveFold(log: readonly Recorded[], storeTimeZone: string): NaiveTables {
  const tables: NaiveTables = {
    sales: new Map(),
    revenue: new Map(),
    categories: new Map(),
    channels: new Map(),
    countries: new Map(),
    customers: new Map(),
    payment_methods: new Map(),
    products: new Map(),
  };
  for (const recorded of [...log].sort(byRecording)) addTo(tables, recorded, storeTimeZone);
  return tables;
}

function addTo(tables: NaiveTables, { event: { type, data } }: Recorded, zone: string): void {
  if (type === 'CommandRejected') return;
  const at = new Date(type === 'SaleVoided' ? data.soldAt : data.occurredAt);
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

  /** What a sale, refund or return is counted in once as a whole. */
  const addSale = (figures: Record<string, number>) => {
    add('revenue', `${bucket}|${group}`, figures);
    add('channels', `${bucket}|${data.currency}|${data.channel}`, figures);
    add('countries', `${bucket}|${data.currency}|${data.country}`, figures);
  };
  const addCustomer = (figures: Record<string, number | string>) => {
    if (data.customerId !== null) add('customers', `${data.currency}|${data.customerId}`, figures);
  };

  const seen = new Set<string>();
  const once = (what: string) => (!seen.has(what) && seen.add(what) ? 1 : 0);
  const addLine = (line: Line, figures: Record<string, number>, order: 0 | 1 | -1) => {
    const { category, productId, productName } = line;
    const orders = (what: string): Record<string, number> => (order === 0 ? {} : { orders: order * once(what) });
    addSale(figures);
    addCustomer(figures);
    add('categories', `${bucket}|${group}|${category}`, { ...figures, ...orders(`c${category}`) });
    const names = { product_name: productName, category };
    add('products', `${day}|${group}|${productId}`, { ...figures, ...orders(`p${productId}`), ...names });
  };
  const addPayments = (figuresOf: (amount: number) => Record<string, number>) => {
    for (const { method, amount } of data.payments) {
      add('payment_methods', `${bucket}|${group}|${method}`, figuresOf(amount));
    }
  };
  const purchasesWith = (time: string) => {
    const known = tables.customers?.get(`${data.currency}|${data.customerId}`);
    const times = [time, known?.first_purchase, known?.last_purchase].flatMap((one) => (one ? [String(one)] : []));
    times.sort();
    return { first_purchase: times[0] ?? time, last_purchase: times[times.length - 1] ?? time };
  };
  const ledger = (key: string, line: Record<string, number>) => add('sales', key, line);

  if (type === 'SaleRecorded' || type === 'SaleVoided') {
    const sign = type === 'SaleVoided' ? -1 : 1;
    const { shipping, tax } = data;
    addSale({ orders: sign, shipping: sign * shipping, tax: sign * tax });
    addCustomer({ orders: sign });
    if (type === 'SaleRecorded') addCustomer(purchasesWith(at.toISOString()));
    const key = `${data.saleId}|${type === 'SaleVoided' ? 'VOID' : 'SALE'}|`;
    ledger(key, { shipping, tax });
    for (const line of data.lines) {
      const { quantity: units, gross, discount: discounts } = line;
      addLine(line, { units: sign * units, gross: sign * gross, discounts: sign * discounts }, sign);
      ledger(key, { units, gross, discounts });
    }
    addPayments((amount) => ({ payments: sign, amount: sign * amount }));
  } else if (type === 'SaleRefunded') {
    const { shipping, tax } = data;
    const key = `${data.saleId}|REFUND|${data.refundId}`;
    addSale({ refund_count: 1, refunded_shipping: shipping, refunded_tax: tax });
    ledger(key, { shipping, tax });
    for (const line of data.lines) {
      addLine(line, { refunded_units: line.quantity, refunds: line.amount }, 0);
      ledger(key, { units: line.quantity, gross: line.amount });
    }
    addPayments((amount) => ({ refund_count: 1, refunds: amount }));
  } else {
    const key = `${data.returnId}|RETURN|`;
    addSale({ return_count: 1 });
    for (const line of data.lines) {
      addLine(line, { returned_units: line.quantity, returns: line.gross }, 0);
      ledger(key, { units: line.quantity, gross: line.gross });
    }
    addPayments((amount) => ({ return_count: 1, returns: amount }));
  }
}

/** By append time, then partition, then offset: what "last recorded" means. */
function byRecording(a: Recorded, b: Recorded): number {
  return a.recordedAt - b.recordedAt || a.partition - b.partition || a.offset - b.offset;
}
