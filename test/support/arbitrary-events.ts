import fc from 'fast-check';
import type { Event } from '../../domain/messages.generated.ts';
import { goodsReturn, rejection, sale } from './documents.ts';

const noon = Date.UTC(2026, 2, 29, 0, 50);

const line = fc.record({
  productId: fc.constantFrom('p-1', 'p-2', 'p-3'),
  productName: fc.constantFrom('T-shirt', 'Mug "large"', 'Back\\slash\tand tab'),
  category: fc.constantFrom('Clothing', 'Kitchen, home'),
  quantity: fc.integer({ min: 1, max: 5 }),
  unitPrice: fc.constantFrom(12_000_000, 1_499_000, 999_999_999_999),
});

const document = fc.record({
  occurredAt: fc.integer({ min: noon - 3 * 3600_000, max: noon + 3 * 3600_000 }),
  currency: fc.constantFrom('GBP', 'USD'),
  channel: fc.constantFrom('online', 'store'),
  country: fc.constantFrom('GB', 'ZZ'),
  customerId: fc.constantFrom(null, 'c-1'),
  lines: fc.array(line, { minLength: 1, maxLength: 4 }),
});

const extras = fc.record({ shipping: fc.integer({ min: 0, max: 999 }), tax: fc.integer({ min: 0, max: 999 }) });

/** Sales, returns and refusals with few distinct keys (so that they meet), each with ids of its own, around a change of clocks. */
export const arbitraryEvents = (maxLength = 30): fc.Arbitrary<Event[]> =>
  fc
    .array(fc.tuple(fc.constantFrom('sale', 'sale', 'return', 'rejection'), document, extras), { maxLength })
    .map((drawn) =>
      drawn.map(([kind, shared, more], index) => {
        if (kind === 'sale') return sale(`s-${index}`, { ...shared, ...more });
        return kind === 'return' ? goodsReturn(`r-${index}`, shared) : rejection(`c-${index}`);
      }),
    );
