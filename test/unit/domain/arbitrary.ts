/** Random but valid commands. */
import fc from 'fast-check';
import type { RecordReturn, RecordSale } from '../../../domain/messages.generated.ts';
import { lineGross } from '../../../domain/money.ts';

export const NOW = Date.UTC(2026, 0, 31, 12);

const id = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 20 });
const currency = fc.constantFrom('USD', 'GBP', 'JPY', 'BHD');

const line = fc.record({
  productId: id,
  productName: id,
  category: id,
  quantity: fc.integer({ min: 1, max: 1000 }),
  unitPrice: fc.integer({ min: 0, max: 5_000_000_000 }),
  discountShare: fc.double({ min: 0, max: 1, noNaN: true }),
});

const head = {
  commandId: id,
  occurredAt: fc.integer({ min: 0, max: NOW }),
  currency,
  channel: id,
  country: fc.constantFrom('GB', 'US', 'ZZ'),
  customerId: fc.option(id, { nil: null }),
};

export const recordSale: fc.Arbitrary<RecordSale> = fc
  .record({
    ...head,
    saleId: id,
    lines: fc.array(line, { minLength: 1, maxLength: 8 }),
    shipping: fc.integer({ min: 0, max: 10_000 }),
    tax: fc.integer({ min: 0, max: 10_000 }),
    split: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .map(({ lines, split, ...sale }) => {
    const priced = lines.map(({ discountShare, ...rest }, index) => {
      const gross = lineGross(rest.quantity, rest.unitPrice, sale.currency);
      return { ...rest, lineId: String(index + 1), discount: Math.floor(gross * discountShare), gross };
    });
    const total = priced.reduce((sum, { gross, discount }) => sum + gross - discount, sale.shipping + sale.tax);
    const first = Math.floor(total * split);
    return {
      ...sale,
      replyTo: null,
      lines: priced.map(({ gross: _, ...rest }) => rest),
      payments: [
        { method: 'card', amount: first },
        { method: 'cash', amount: total - first },
      ],
    };
  });

export const recordReturn: fc.Arbitrary<RecordReturn> = fc
  .record({ ...head, returnId: id, lines: fc.array(line, { minLength: 1, maxLength: 8 }) })
  .map(({ lines, ...back }) => {
    const plain = lines.map(({ discountShare: _, ...rest }, index) => ({ ...rest, lineId: String(index + 1) }));
    const total = plain.reduce((sum, one) => sum + lineGross(one.quantity, one.unitPrice, back.currency), 0);
    return { ...back, replyTo: null, lines: plain, payments: [{ method: 'card', amount: total }] };
  });
