/** What many clients send at random: sales, returns, refunds and voids, repeated, contradicted, doubled and impossible. */
import type { Random } from '../../dev/seed/random.ts';
import { weighted } from '../../dev/seed/random.ts';
import { saleJson } from './command-side.ts';

/** A command as `POST /commands` takes it. */
export interface SentCommand {
  type: 'RecordSale' | 'RecordReturn' | 'RefundSale' | 'VoidSale';
  commandId?: string;
  saleId?: string;
  returnId?: string;
  refundId?: string;
  [field: string]: unknown;
}

/** Commands refer to as many of those before them. */
const REMEMBERED = 150;

/** Goes on for ever. Ids begin with `prefix`. */
export function* commandMix(random: Random, prefix: string): Generator<SentCommand> {
  const draw = weighted<Kind>(kinds);
  const sent: SentCommand[] = [];
  for (let count = 1; ; count += 1) {
    const id = `${prefix}-${count}`;
    const sales = sent.filter(({ type }) => type === 'RecordSale');
    const sale = sales.length > 0 && !random.chance(0.05) ? random.pick(sales) : newSale(`${prefix}-none`, random);
    const command = draw(random)({ id, random, sale, sent });
    sent.push(command);
    if (sent.length > REMEMBERED) sent.shift();
    yield command;
    if (random.chance(0.03)) yield command;
  }
}

interface Draw {
  id: string;
  random: Random;
  /** A sale that was sent before, or one that never is. */
  sale: SentCommand;
  sent: readonly SentCommand[];
}

type Kind = (draw: Draw) => SentCommand;

const refund = ({ id, sale }: Draw, what: object): SentCommand => ({
  type: 'RefundSale',
  saleId: sale.saleId,
  refundId: `r-${id}`,
  occurredAt: '2026-02-14T12:00:00Z',
  ...what,
});

const kinds: [Kind, number][] = [
  [({ id, random }) => newSale(id, random), 40],
  [({ id, random }) => newReturn(id, random), 5],
  // The same again, whatever became of it.
  [({ id, random, sent }) => (sent.length > 0 ? random.pick(sent) : newSale(id, random)), 12],
  // The same under the name of another attempt.
  [({ id, random, sent }) => ({ ...(sent.length > 0 ? random.pick(sent) : newSale(id, random)), commandId: id }), 6],
  // Other content under the same domain id, as the same attempt and as another one.
  [({ sale }) => ({ ...sale, country: 'FR' }), 4],
  [({ id, sale }) => ({ ...sale, channel: 'store', commandId: `c-${id}` }), 4],
  [(draw) => refund(draw, { whole: true }), 3],
  [(draw) => refund(draw, { lines: [{ lineId: '1', quantity: 1 }] }), 8],
  [(draw) => refund(draw, { amount: 1 + draw.random.below(500) }), 6],
  [(draw) => refund(draw, { amount: 1_000_000 }), 2],
  [({ sale }) => ({ type: 'VoidSale', saleId: sale.saleId, occurredAt: '2026-02-15T12:00:00Z' }), 5],
];

function newSale(saleId: string, random: Random): SentCommand {
  return { ...saleJson(saleId, document(random)) };
}

function newReturn(returnId: string, random: Random): SentCommand {
  const { saleId: _, ...rest } = saleJson('', document(random));
  return { ...rest, type: 'RecordReturn', returnId };
}

/** Lines at whole minor units, paid by one or two methods. */
function document(random: Random) {
  const lines = Array.from({ length: 1 + random.below(3) }, (_, index) => ({
    productId: `p-${index}`,
    productName: 'Mug',
    category: 'Kitchen',
    quantity: 1 + random.below(4),
    unitPrice: (1 + random.below(900)) * 10_000,
  }));
  const total = lines.reduce((sum, { quantity, unitPrice }) => sum + (quantity * unitPrice) / 10_000, 0);
  const byCard = random.chance(0.3) ? random.below(total) : total;
  const payments = [
    { method: 'card', amount: byCard },
    { method: 'cash', amount: total - byCard },
  ];
  return { lines, payments: payments.filter(({ amount }) => amount > 0) };
}
