import { expect } from 'chai';
import { DateTime } from 'luxon';
import { parseTyped } from '../../../commands/api/parse.ts';
import {
  type DocumentJson,
  domainIdOf,
  type RecordReturnJson,
  type RecordSaleJson,
} from '../../../dev/command-json.ts';
import { type Anchor, SEED_COMMANDS, seedCommands } from '../../../dev/seed/dataset.ts';
import { products } from '../../../dev/seed/products.ts';
import { lineGross, sumOf } from '../../../domain/money.ts';

const anchor: Anchor = { at: Date.parse('2025-06-15T14:00:00Z'), timeZone: 'America/New_York' };
const later: Anchor = { at: Date.parse('2026-01-01T03:30:00Z'), timeZone: 'UTC' };
const DAY_MS = 24 * 3_600_000;

const salesOf = (commands: DocumentJson[]) =>
  commands.filter((one): one is RecordSaleJson => one.type === 'RecordSale');
const returnsOf = (commands: DocumentJson[]) =>
  commands.filter((one): one is RecordReturnJson => one.type === 'RecordReturn');
const grossOf = ({ lines, currency }: DocumentJson) =>
  sumOf(lines, ({ quantity, unitPrice }) => lineGross(quantity, unitPrice, currency));

describe('The seed data', () => {
  const commands = [...seedCommands(anchor)];
  const sales = salesOf(commands);
  const distinct = (of: (sale: RecordSaleJson) => unknown[]) => new Set(sales.flatMap(of));

  it('is 10,000 sales of 100 products in 6 categories to 1,000 customers, and a few returns', () => {
    expect(sales).to.have.length(10_000);
    expect(commands).to.have.length(SEED_COMMANDS);
    expect(new Set(commands.map(domainIdOf))).to.have.property('size', SEED_COMMANDS);
    expect(distinct(({ lines }) => lines.map(({ productId }) => productId))).to.have.property('size', 100);
    expect(distinct(({ lines }) => lines.map(({ category }) => category))).to.have.property('size', 6);
    expect(distinct(({ customerId }) => [customerId])).to.have.property('size', 1000);
    expect(distinct(({ country }) => [country])).to.have.property('size', 10);
    expect(distinct(({ channel }) => [channel])).to.have.property('size', 4);
    expect(distinct(({ payments }) => payments.map(({ method }) => method))).to.have.property('size', 5);
    expect(new Set(products.map(({ productName }) => productName))).to.have.property('size', 100);
  });

  it('is worth 14.8 million dollars, within one per cent', () => {
    expect(sumOf(sales, grossOf)).to.be.within(1_480_000_000 * 0.99, 1_480_000_000 * 1.01);
    const discounts = sumOf(sales, ({ lines }) => sumOf(lines, ({ discount = 0 }) => discount));
    const net = sumOf(sales, grossOf) - discounts - sumOf(returnsOf(commands), grossOf);
    expect(net).to.be.within(1_480_000_000 * 0.98, 1_480_000_000 * 1.01);
  });

  it('is the same for the same anchor, and worth the same for any', () => {
    expect([...seedCommands(anchor)]).to.deep.equal(commands);
    const others = salesOf([...seedCommands(later)]);
    expect(others.map(({ occurredAt: _, ...rest }) => rest)).to.deep.equal(
      sales.map(({ occurredAt: _, ...rest }) => rest),
    );
  });

  it('lies in the 90 days before the anchor, in order', () => {
    for (const { at, timeZone } of [anchor, later]) {
      const all = [...seedCommands({ at, timeZone })];
      const times = salesOf(all).map(({ occurredAt }) => Date.parse(occurredAt));
      expect(times).to.deep.equal([...times].sort((a, b) => a - b));
      expect(Math.min(...times)).to.be.at.least(at - 90 * DAY_MS);
      expect(Math.max(...all.map(({ occurredAt }) => Date.parse(occurredAt)))).to.be.below(at);
    }
  });

  it("has the rhythm of the store's days and weeks", () => {
    const hours = new Array<number>(24).fill(0);
    const weekdays = new Array<number>(7).fill(0);
    for (const { occurredAt } of sales) {
      const { hour, weekday } = DateTime.fromISO(occurredAt, { zone: anchor.timeZone });
      hours[hour] = (hours[hour] ?? 0) + 1;
      weekdays[weekday - 1] = (weekdays[weekday - 1] ?? 0) + 1;
    }
    expect(hours[20]).to.be.greaterThan((hours[3] ?? 0) * 10);
    expect(weekdays[5]).to.be.greaterThan((weekdays[1] ?? 0) * 1.2);
  });

  it('is taken by the command API as it is', () => {
    for (const command of commands) parseTyped(JSON.stringify(command), anchor.at);
  });

  it('gives back at most what was paid, after it was paid', () => {
    const byId = new Map(sales.map((sale) => [sale.saleId, sale]));
    for (const one of returnsOf(commands)) {
      const sale = byId.get(one.returnId.replace('-return', ''));
      expect(grossOf(one)).to.be.at.most(sumOf(sale?.payments ?? [], ({ amount }) => amount));
      expect(Date.parse(one.occurredAt)).to.be.greaterThan(Date.parse(sale?.occurredAt ?? ''));
    }
  });
});
