/** JSON Schema (2020-12) of the commands as clients send them: what validates requests and what documents them. */

import { MAX_AMOUNT } from '../../domain/money.ts';
import { limits } from '../../domain/violations.ts';
import type { CommandType } from '../../schemas/catalogue.ts';

/** No control characters. */
export const TEXT = '^[^\\u0000-\\u001f\\u007f-\\u009f]*$';

const amount = { type: 'integer', minimum: 0, maximum: MAX_AMOUNT, description: 'Minor units of the currency.' };
const id = text(limits.idLength);
const line = {
  lineId: { ...id, description: 'Unique within the document; its position from 1 when absent.' },
  productId: id,
  productName: text(limits.textLength),
  category: id,
  quantity: { type: 'integer', minimum: 1, maximum: limits.quantity, description: 'Whole pieces.' },
  unitPrice: {
    type: 'integer',
    minimum: 0,
    maximum: limits.unitPrice,
    description: 'Millionths of the currency unit: 2.55 GBP is 2550000.',
  },
};
const payments = {
  type: 'array',
  maxItems: limits.payments,
  items: object({ method: id, amount }, ['method', 'amount']),
};
const head = {
  commandId: {
    ...text(limits.commandIdLength),
    description: 'Names this attempt; made of the ids of what it is about when absent.',
  },
  occurredAt: {
    type: 'string',
    format: 'date-time',
    description: 'ISO 8601 with an offset, e.g. 2026-01-31T09:30:00Z.',
  },
};
const document = {
  ...head,
  currency: { type: 'string', pattern: '^[A-Z]{3}$', description: 'ISO 4217.' },
  channel: id,
  country: { type: 'string', pattern: '^[A-Z]{2}$', description: 'ISO 3166 alpha-2; ZZ when unknown.' },
  customerId: { anyOf: [id, { type: 'null' }], description: 'Opaque; never a name or an address.' },
};
const lineRequired = ['productId', 'productName', 'category', 'quantity', 'unitPrice'];
const documentRequired = ['occurredAt', 'currency', 'channel', 'country', 'lines', 'payments'];

const recordSale = object(
  {
    ...document,
    saleId: id,
    lines: linesOf(object({ ...line, discount: amount }, lineRequired)),
    shipping: amount,
    tax: amount,
    payments: { ...payments, description: 'Adds up to gross - discounts + shipping + tax.' },
  },
  ['saleId', ...documentRequired],
);

const recordReturn = object(
  {
    ...document,
    returnId: id,
    lines: linesOf(object(line, lineRequired)),
    payments: { ...payments, description: "What was given back; adds up to the lines' gross." },
  },
  ['returnId', ...documentRequired],
);

const refundSale = {
  ...object(
    {
      ...head,
      saleId: { ...id, description: 'The sale that is refunded.' },
      refundId: { ...id, description: 'Unique within its sale.' },
      whole: { const: true, description: 'All that is left of the sale, with shipping and tax.' },
      lines: {
        ...linesOf(object({ lineId: id, quantity: line.quantity }, ['lineId', 'quantity'])),
        description: 'Pieces of these lines, each at its share of what is left of its line.',
      },
      amount: { ...amount, description: 'Minor units, spread over what is left of all lines in proportion.' },
      shipping: { ...amount, description: 'Minor units of shipping given back beside lines or amount.' },
      tax: { ...amount, description: 'Minor units of tax given back beside lines or amount.' },
      payments: {
        ...payments,
        description:
          'How it is given back; adds up to the refund. When absent: in proportion to what each payment method of the ' +
          'sale has left to give back.',
      },
    },
    ['saleId', 'refundId', 'occurredAt'],
  ),
  oneOf: [{ required: ['whole'] }, { required: ['lines'] }, { required: ['amount'] }],
};

const voidSale = object({ ...head, saleId: { ...id, description: 'The sale that is voided.' } }, [
  'saleId',
  'occurredAt',
]);

export const definitions = {
  RecordSale: recordSale,
  RecordReturn: recordReturn,
  RefundSale: refundSale,
  VoidSale: voidSale,
} satisfies Record<CommandType, object>;

/** The domain counts a character beyond the first 65,536 twice. */
function text(maxLength: number) {
  return { type: 'string', minLength: 1, maxLength, pattern: TEXT };
}

function linesOf(items: object) {
  return { type: 'array', minItems: 1, maxItems: limits.lines, items };
}

function object(properties: Record<string, object>, required: string[]) {
  return { type: 'object', properties, required, additionalProperties: false };
}
