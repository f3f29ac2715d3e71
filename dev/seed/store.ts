/** The demo store: puts one sale, return or refund together. The seed and the live stream share it. */
import type { Payment } from '../../domain/messages.generated.ts';
import { decimalsOf, lineGross, MILLIONTHS, sumOf } from '../../domain/money.ts';
import type { LineJson, RecordReturnJson, RecordSaleJson, RefundSaleJson } from '../command-json.ts';
import type { Customer } from './customers.ts';
import { type Product, products } from './products.ts';
import { type Random, weighted } from './random.ts';

export interface Occasion {
  /** saleId or returnId. */
  id: string;
  /** Milliseconds since 1970 UTC. */
  occurredAt: number;
  currency: string;
  customer: Customer;
}

const drawProduct = weighted(products.map((product) => [product, product.popularity]));

const drawChannel = weighted([
  ['online', 54],
  ['store', 24],
  ['marketplace', 15],
  ['phone', 7],
]);

const drawLineCount = weighted([
  [1, 64],
  [2, 25],
  [3, 8],
  [4, 3],
]);

const onlineMethod = weighted([
  ['card', 55],
  ['paypal', 25],
  ['bank_transfer', 12],
  ['gift_card', 8],
]);
const storeMethod = weighted([
  ['card', 72],
  ['cash', 20],
  ['gift_card', 8],
]);

/** Tax on top, in hundredths of a percent, by country. */
const taxRates: Readonly<Record<string, number>> = {
  US: 725,
  CA: 1300,
  GB: 2000,
  DE: 1900,
  FR: 2000,
  AU: 1000,
  JP: 1000,
};
const OTHER_TAX_RATE = 2100;

/** Whole units of the currency. */
const SHIPPING = 15;
const FREE_SHIPPING_FROM = 500;

/** Payments add up to the total by construction. */
export function composeSale(random: Random, { id, occurredAt, currency, customer }: Occasion): RecordSaleJson {
  const channel = drawChannel(random);
  const lines = chooseProducts(random).map((product) => saleLine(random, product, currency));
  const net = sumOf(lines, (line) => grossOf(line, currency) - (line.discount ?? 0));
  const shipping =
    channel === 'store' || net >= minorUnits(FREE_SHIPPING_FROM, currency) ? 0 : minorUnits(SHIPPING, currency);
  const tax = Math.round(((net + shipping) * (taxRates[customer.country] ?? OTHER_TAX_RATE)) / 10_000);
  return {
    type: 'RecordSale',
    saleId: id,
    occurredAt: new Date(occurredAt).toISOString(),
    currency,
    channel,
    country: customer.country,
    customerId: customer.customerId,
    lines,
    shipping,
    tax,
    payments: pay(random, channel, net + shipping + tax, currency),
  };
}

/** One piece of one line of a sale comes back, and what was paid for it is given back. */
export function composeReturn(
  random: Random,
  { id, occurredAt }: Pick<Occasion, 'id' | 'occurredAt'>,
  sale: RecordSaleJson,
): RecordReturnJson {
  const { discount = 0, ...line } = random.pick(sale.lines);
  const { currency, channel, country, customerId, payments } = sale;
  const paid = Math.floor((lineGross(line.quantity, line.unitPrice, currency) - discount) / line.quantity);
  const unitPrice = paid * (MILLIONTHS / minorUnits(1, currency));
  return {
    type: 'RecordReturn',
    returnId: id,
    occurredAt: new Date(occurredAt).toISOString(),
    currency,
    channel,
    country,
    customerId,
    lines: [{ ...line, quantity: 1, unitPrice }],
    payments: [{ method: payments[0]?.method ?? 'card', amount: paid }],
  };
}

const drawRefund = weighted<'whole' | 'lines' | 'amount'>([
  ['whole', 45],
  ['lines', 35],
  ['amount', 20],
]);

/** All of a sale is given back, or a piece of it, or a part of what was paid for its lines. */
export function composeRefund(
  random: Random,
  { id, occurredAt }: Pick<Occasion, 'id' | 'occurredAt'>,
  { saleId, lines, currency }: RecordSaleJson,
): RefundSaleJson {
  const head = { type: 'RefundSale', saleId, refundId: id, occurredAt: new Date(occurredAt).toISOString() } as const;
  const kind = drawRefund(random);
  if (kind === 'whole') return { ...head, whole: true };
  if (kind === 'lines') return { ...head, lines: [{ lineId: String(1 + random.below(lines.length)), quantity: 1 }] };
  const net = sumOf(lines, (line) => grossOf(line, currency) - (line.discount ?? 0));
  return { ...head, amount: Math.max(1, Math.floor((net * random.pick([10, 15, 20, 50])) / 100)) };
}

function chooseProducts(random: Random): Product[] {
  const chosen = new Set<Product>();
  for (let left = drawLineCount(random); left > 0; left -= 1) chosen.add(drawProduct(random));
  return [...chosen];
}

function saleLine(random: Random, { productId, productName, category, price }: Product, currency: string): LineJson {
  const quantity = price < 300 && random.chance(0.28) ? 2 + random.below(4) : random.chance(0.06) ? 2 : 1;
  const line = { productId, productName, category, quantity, unitPrice: price * MILLIONTHS };
  if (!random.chance(0.1)) return line;
  const percent = random.pick([5, 10, 10, 15, 20]);
  return { ...line, discount: Math.floor((grossOf(line, currency) * percent) / 100) };
}

/** Part of one sale in twenty is paid by gift card. */
function pay(random: Random, channel: string, total: number, currency: string): Payment[] {
  const method = channel === 'store' ? storeMethod(random) : onlineMethod(random);
  const gift = minorUnits(random.pick([25, 50, 100]), currency);
  if (!random.chance(0.05) || method === 'gift_card' || gift >= total) return [{ method, amount: total }];
  return [
    { method: 'gift_card', amount: gift },
    { method, amount: total - gift },
  ];
}

function grossOf({ quantity, unitPrice }: LineJson, currency: string): number {
  return lineGross(quantity, unitPrice, currency);
}

/** Whole units of a currency in its minor units. */
function minorUnits(units: number, currency: string): number {
  return units * 10 ** decimalsOf(currency);
}
