/** Sales, returns, refunds and voids as the command side would record them, for tests that need a log but no commands. */
import type {
  Event,
  ReturnRecorded,
  SaleLine,
  SaleRecorded,
  SaleRefunded,
  SaleVoided,
} from '../../domain/messages.generated.ts';
import { lineGross, sumOf } from '../../domain/money.ts';

type LineInput = Partial<SaleLine>;
type Overrides<T> = Partial<Omit<T, 'lines' | 'payments'>> & {
  lines?: LineInput[];
  payments?: T extends SaleRecorded ? SaleRecorded['payments'] : ReturnRecorded['payments'];
};

type SaleEvent = Extract<Event, { type: 'SaleRecorded' }>;

const address = { expectedOffset: 0, commandOffset: 0 };

/** A sale of one T-shirt of 12.00 GBP unless told otherwise. */
export function sale(saleId: string, overrides: Overrides<SaleRecorded> = {}): SaleEvent {
  const lines = linesOf(overrides.lines);
  const shipping = overrides.shipping ?? 0;
  const tax = overrides.tax ?? 0;
  const total = sumOf(lines, (line) => line.gross - line.discount) + shipping + tax;
  return {
    type: 'SaleRecorded',
    data: {
      ...address,
      commandId: saleId,
      saleId,
      ...dimensions,
      ...overrides,
      lines,
      shipping,
      tax,
      payments: overrides.payments ?? [{ method: 'card', amount: total }],
    },
  };
}

/** Sales of the last hours, one every 20 seconds, with ids that begin with `prefix`. */
export function sales(prefix: string, count: number): SaleEvent[] {
  return Array.from({ length: count }, (_, index) =>
    sale(`${prefix}-${index}`, { occurredAt: Date.now() - index * 20_000 }),
  );
}

/** A return of one T-shirt of 12.00 GBP unless told otherwise. */
export function goodsReturn(returnId: string, overrides: Overrides<ReturnRecorded> = {}): Event {
  const lines = linesOf(overrides.lines).map(({ discount, ...line }) => line);
  return {
    type: 'ReturnRecorded',
    data: {
      ...address,
      commandId: returnId,
      returnId,
      ...dimensions,
      ...overrides,
      lines,
      payments: overrides.payments ?? [{ method: 'card', amount: sumOf(lines, (line) => line.gross) }],
    },
  };
}

/** Everything of a sale is given back an hour later, unless told otherwise. */
export function refund(of: SaleEvent, refundId: string, overrides: Partial<SaleRefunded> = {}): Event {
  const { saleId, occurredAt, currency, channel, country, customerId, lines, shipping, tax, payments } = of.data;
  const back = lines.map(({ lineId, productId, productName, category, quantity, gross, discount }) => {
    return { lineId, productId, productName, category, quantity, amount: gross - discount };
  });
  return {
    type: 'SaleRefunded',
    data: {
      ...address,
      commandId: `refund:${saleId}:${refundId}`,
      ...{ saleId, refundId, occurredAt: occurredAt + 3600_000, soldAt: occurredAt },
      ...{ currency, channel, country, customerId, lines: back, shipping, tax, payments },
      request: { whole: true, lines: null, amount: null, shipping: 0, tax: 0, payments: null },
      ...overrides,
    },
  };
}

/** A sale is voided an hour later, unless told otherwise. */
export function voiding(of: SaleEvent, overrides: Partial<SaleVoided> = {}): Event {
  const { occurredAt, ...sale } = of.data;
  const commandId = `void:${sale.saleId}`;
  return {
    type: 'SaleVoided',
    data: { ...sale, ...address, commandId, occurredAt: occurredAt + 3600_000, soldAt: occurredAt, ...overrides },
  };
}

export function rejection(commandId: string): Event {
  return { type: 'CommandRejected', data: { ...address, commandId, code: 'CONFLICT', detail: 'Recorded otherwise.' } };
}

const dimensions = {
  occurredAt: Date.UTC(2026, 0, 15, 12, 7, 30),
  currency: 'GBP',
  channel: 'online',
  country: 'GB',
  customerId: null,
};

function linesOf(lines: LineInput[] = [{}]): SaleLine[] {
  return lines.map((line, index) => {
    const { quantity = 1, unitPrice = 12_000_000 } = line;
    return {
      lineId: String(index + 1),
      productId: 'p-1',
      productName: 'T-shirt',
      category: 'Clothing',
      quantity,
      unitPrice,
      gross: lineGross(quantity, unitPrice, 'GBP'),
      discount: 0,
      ...line,
    };
  });
}
