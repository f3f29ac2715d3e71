/** Requests that work, in the order in which they do: the document shows them and a test sends them. */
import type { CommandType } from '../../schemas/catalogue.ts';

/** A request with what a first attempt is answered on an empty log; an accepted one gets 200 from then on. */
export interface Example {
  summary: string;
  body: object;
  status: 201 | 409;
}

const mug = { productId: 'mug', productName: 'Mug', category: 'Kitchen', quantity: 3, unitPrice: 2_550_000 };
const tea = { productId: 'tea', productName: 'Tea, 100 g', category: 'Food', quantity: 2, unitPrice: 4_200_000 };
const shop = { currency: 'GBP', channel: 'online', country: 'GB' };
const sold = { occurredAt: '2026-01-31T09:30:00Z', ...shop };

const twoLines = {
  saleId: 'S-1001',
  ...sold,
  customerId: 'C-7',
  lines: [mug, { ...tea, discount: 40 }],
  shipping: 350,
  payments: [
    { method: 'card', amount: 1415 },
    { method: 'voucher', amount: 500 },
  ],
};
const oneLine = { saleId: 'S-1002', ...sold, lines: [mug], payments: [{ method: 'cash', amount: 765 }] };
const refunded = { occurredAt: '2026-02-03T16:00:00+00:00' };

export const examples: Record<CommandType, Record<string, Example>> = {
  RecordSale: {
    twoLines: {
      summary: '3 mugs at 2.55, 2 teas at 4.20 less 0.40, 3.50 shipping; by card and voucher',
      body: twoLines,
      status: 201,
    },
    oneLine: { summary: '3 mugs, paid in cash', body: oneLine, status: 201 },
    conflict: {
      summary: 'Other content under an id that is taken: refused',
      body: { ...oneLine, country: 'FR' },
      status: 409,
    },
  },
  RecordReturn: {
    oneMug: {
      summary: 'One mug came back and no sale is known',
      body: { returnId: 'T-1', ...sold, lines: [{ ...mug, quantity: 1 }], payments: [{ method: 'cash', amount: 255 }] },
      status: 201,
    },
  },
  RefundSale: {
    byLine: {
      summary: 'One of the mugs',
      body: { saleId: 'S-1001', refundId: 'R-1', ...refunded, lines: [{ lineId: '1', quantity: 1 }] },
      status: 201,
    },
    byAmount: {
      summary: '1.00 off everything, and the shipping, to the card',
      body: {
        ...{ saleId: 'S-1001', refundId: 'R-2', ...refunded, amount: 100, shipping: 350 },
        payments: [{ method: 'card', amount: 450 }],
      },
      status: 201,
    },
    whole: {
      summary: 'All that is left',
      body: { saleId: 'S-1001', refundId: 'R-3', ...refunded, whole: true },
      status: 201,
    },
    unknownSale: {
      summary: 'Of a sale that nobody recorded: refused',
      body: { saleId: 'S-404', refundId: 'R-1', ...refunded, whole: true },
      status: 409,
    },
  },
  VoidSale: {
    mistake: { summary: 'The sale was a mistake', body: { saleId: 'S-1002', ...refunded }, status: 201 },
    afterRefund: {
      summary: 'Of a sale that was refunded: refused',
      body: { saleId: 'S-1001', ...refunded },
      status: 409,
    },
  },
};

/** Lines of `POST /commands`. Those about one sale take effect in their order. */
export const bulkExample = [
  { type: 'RecordSale', ...oneLine, saleId: 'S-1003' },
  { type: 'RefundSale', saleId: 'S-1003', refundId: 'R-1', ...refunded, whole: true },
  { type: 'VoidSale', saleId: 'S-1004', commandId: 'void-of-nothing', ...refunded },
]
  .map((line) => `${JSON.stringify(line)}\n`)
  .join('');

/** Asked for by `GET /commands/{commandId}`. */
export const statusExample = 'refund:S-1001:R-1';
