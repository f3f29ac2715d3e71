/** What clients want: few sales, so that repeats, conflicts, refunds and voids meet. */
import fc from 'fast-check';
import type { Command, RecordReturn, RecordSale } from '../../domain/messages.generated.ts';
import { sumOf } from '../../domain/money.ts';
import { START } from './broker.ts';

/** How a client sends a command. Only `well` can be answered; all the others end as a refusal in the log. */
export type Manner = 'well' | 'other partition' | 'other key' | 'no key' | 'named as a place' | 'garbled';

/** A command, sent by one client until it knows the outcome or has lost its patience. */
export interface Order {
  command: Command;
  manner: Manner;
  /** How often it is sent at most while there are faults; 0: it is read from the log only. */
  attempts: number;
}

const saleId = fc.constantFrom('S1', 'S2', 'S3');
const amount = fc.integer({ min: 0, max: 900 });
/** Which attempt at the same domain id this is; the first is named by it. */
const attempt = fc.constantFrom('', '', '', '#2', '#3');
const occurredAt = fc.constantFrom(START - 3_600_000, START - 3_600_000, START - 7_200_000);

const lines = fc
  .array(fc.record({ quantity: fc.integer({ min: 1, max: 3 }), discount: fc.integer({ min: 0, max: 20 }) }), {
    minLength: 1,
    maxLength: 3,
  })
  .map((drawn) =>
    drawn.map((line, index) => ({
      lineId: String(index + 1),
      productId: `P${index + 1}`,
      productName: 'Mug',
      category: 'Kitchen',
      unitPrice: 1_005_000 + index * 700_000,
      ...line,
    })),
  );

const document = {
  replyTo: fc.constant(null),
  currency: fc.constant('USD'),
  channel: fc.constantFrom('online', 'online', 'online', 'store'),
  country: fc.constant('US'),
  customerId: fc.constant(null),
};

const total = (drawn: { quantity: number; unitPrice: number; discount?: number }[]) =>
  sumOf(drawn, ({ quantity, unitPrice, discount = 0 }) => Math.round((quantity * unitPrice) / 10_000) - discount);

/** `short`: a payment is too low, and the sale is invalid for ever. */
const sale = fc
  .record({ saleId, attempt, occurredAt, ...document, lines, shipping: amount, tax: amount, short: fc.nat({ max: 9 }) })
  .map(({ attempt, short, ...rest }): Command => {
    const due = total(rest.lines) + rest.shipping + rest.tax;
    const cash = Math.floor(due / 3);
    const payments = [
      { method: 'card', amount: due - cash - (short === 0 ? 1 : 0) },
      { method: 'cash', amount: cash },
    ];
    return { type: 'RecordSale', data: { ...rest, commandId: rest.saleId + attempt, payments } satisfies RecordSale };
  });

const goodsReturn = fc
  .record({ returnId: fc.constantFrom('S1', 'T1'), attempt, occurredAt, ...document, lines })
  .map(({ attempt, lines, ...rest }): Command => {
    const plain = lines.map(({ discount: _, ...line }) => line);
    const payments = [{ method: 'card', amount: total(plain) }];
    const commandId = `return:${rest.returnId}${attempt}`;
    return { type: 'RecordReturn', data: { ...rest, commandId, lines: plain, payments } satisfies RecordReturn };
  });

const refundLines = fc.uniqueArray(
  fc.record({ lineId: fc.constantFrom('1', '2', '3'), quantity: fc.integer({ min: 1, max: 3 }) }),
  { selector: ({ lineId }) => lineId, minLength: 1, maxLength: 2 },
);

const part = fc.oneof(
  fc.constant({ whole: true, lines: null, amount: null, shipping: 0, tax: 0 }),
  fc.record({
    whole: fc.constant(false),
    lines: refundLines,
    amount: fc.constant(null),
    shipping: fc.constantFrom(0, 0, 300),
    tax: fc.constantFrom(0, 0, 300),
  }),
  fc.record({
    whole: fc.constant(false),
    lines: fc.constant(null),
    amount: fc.integer({ min: 1, max: 600 }),
    shipping: fc.constantFrom(0, 0, 300),
    tax: fc.constant(0),
  }),
);

const refund = fc
  .record({
    saleId,
    refundId: fc.constantFrom('R1', 'R2', 'R3'),
    attempt,
    occurredAt,
    part,
    byCash: fc.nat({ max: 3 }),
  })
  .map(({ attempt, part, byCash, ...rest }): Command => {
    const commandId = `refund:${rest.saleId}:${rest.refundId}${attempt}`;
    const stated = part.amount !== null && byCash === 0;
    const payments = stated ? [{ method: 'cash', amount: part.amount + part.shipping + part.tax }] : null;
    return { type: 'RefundSale', data: { ...rest, ...part, commandId, replyTo: null, payments } };
  });

const voiding = fc.record({ saleId, attempt, occurredAt }).map(({ attempt, ...rest }): Command => {
  return { type: 'VoidSale', data: { ...rest, commandId: `void:${rest.saleId}${attempt}`, replyTo: null } };
});

/** Some clients name a command by what is another one's name, too. */
const command = fc
  .tuple(
    fc.oneof(
      { weight: 5, arbitrary: sale },
      { weight: 5, arbitrary: refund },
      { weight: 1, arbitrary: voiding },
      { weight: 1, arbitrary: goodsReturn },
    ),
    fc.nat({ max: 15 }),
  )
  .map(([command, misnamed]): Command => {
    if (misnamed > 0 || command.type === 'RecordReturn') return command;
    return { ...command, data: { ...command.data, commandId: command.data.saleId } } as Command;
  });

const manner = fc.oneof(
  { weight: 12, arbitrary: fc.constant<Manner>('well') },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Manner>('other partition', 'other key', 'no key', 'named as a place', 'garbled'),
  },
);

export const order: fc.Arbitrary<Order> = fc.record({ command, manner, attempts: fc.integer({ min: 1, max: 4 }) });

/** A return of one mug. */
export function returnOf(returnId: string): Command {
  const line = {
    lineId: '1',
    productId: 'P1',
    productName: 'Mug',
    category: 'Kitchen',
    quantity: 1,
    unitPrice: 1_000_000,
  };
  return {
    type: 'RecordReturn',
    data: {
      commandId: `return:${returnId}`,
      replyTo: null,
      returnId,
      occurredAt: START,
      currency: 'USD',
      channel: 'online',
      country: 'US',
      customerId: null,
      lines: [line],
      payments: [{ method: 'card', amount: 100 }],
    },
  };
}
