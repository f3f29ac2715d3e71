/** Sales and returns as the command side would record them, for tests that need a log but no commands. */
import type { Event, ReturnRecorded, SaleLine, SaleRecorded } from '../../domain/messages.generated.ts';
import { lineGross, sumOf } from '../../domain/money.ts';

type LineInput = Partial<SaleLine>;
type Overrides<T> = Partial<Omit<T, 'lines' | 'payments'>> & {
  lines?: LineInput[];
  payments?: T extends SaleRecorded ? SaleRecorded['payments'] : ReturnRecorded['payments'];
};

const address = { expectedOffset: 0, commandOffset: 0 };

/** A sale of one T-shirt of 12.00 GBP unless told otherwise. */
export function sale(saleId: string, overrides: Overrides<SaleRecorded> = {}): Event {
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
