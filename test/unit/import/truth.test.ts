/** The real file, read into commands, against totals that were computed independently of this project. */
import { expect } from 'chai';
import { DateTime } from 'luxon';
import { parseTyped } from '../../../commands/api/parse.ts';
import type { DocumentJson } from '../../../dev/command-json.ts';
import { parseMillionths } from '../../../dev/import/decimal.ts';
import { countryCodes } from '../../../dev/import/uci-online-retail/countries.ts';
import { lineGross, sumOf } from '../../../domain/money.ts';
import { type ReadFile, readRetail } from '../../support/read-retail.ts';
import { pence, retailFile, truth } from '../../support/retail-file.ts';

/** What the log will say of a command. */
const grossOf = ({ lines, currency }: DocumentJson) =>
  sumOf(lines, ({ quantity, unitPrice }) => lineGross(quantity, unitPrice, currency));
const unitsOf = ({ lines }: DocumentJson) => sumOf(lines, ({ quantity }) => quantity);
const monthOf = ({ occurredAt }: DocumentJson) =>
  DateTime.fromISO(occurredAt, { zone: 'Europe/London' }).toFormat('yyyy-MM');

const figuresOf = (commands: DocumentJson[]) => ({
  orders: commands.length,
  lines: sumOf(commands, ({ lines }) => lines.length),
  units: sumOf(commands, unitsOf),
  gross: sumOf(commands, grossOf),
});
function figuresBy(commands: DocumentJson[], keyOf: (command: DocumentJson) => string) {
  const groups = new Map<string, DocumentJson[]>();
  for (const command of commands) {
    const group = groups.get(keyOf(command));
    if (group) group.push(command);
    else groups.set(keyOf(command), [command]);
  }
  return Object.fromEntries([...groups].map(([key, group]) => [key, figuresOf(group)]));
}

type Figures = (typeof truth)['sales'];
/** Returns are negative in truth.json and positive in the log. */
const expected = ({ orders, lines, quantity, revenue_line_rounded_half_up: revenue }: Figures) => ({
  orders,
  lines,
  units: Math.abs(quantity),
  gross: Math.abs(pence(revenue)),
});
const expectedBy = (figures: Record<string, Figures>) =>
  Object.fromEntries(Object.entries(figures).map(([of, one]) => [of, expected(one)]));

describe('The UCI Online Retail file, as commands', () => {
  let file: ReadFile;
  let sales: DocumentJson[];
  let returns: DocumentJson[];

  before(async () => {
    file = await readRetail(retailFile);
    sales = file.commands.filter(({ type }) => type === 'RecordSale');
    returns = file.commands.filter(({ type }) => type === 'RecordReturn');
  });

  it('gives the sales of truth.json, and of its months, to the penny', () => {
    expect(figuresOf(sales)).to.deep.equal(expected(truth.sales));
    expect(figuresBy(sales, monthOf)).to.deep.equal(expectedBy(truth.sales_by_month));
  });

  it('gives the returns of truth.json, and of its months, to the penny', () => {
    expect(figuresOf(returns)).to.deep.equal(expected(truth.cancellations));
    expect(figuresBy(returns, monthOf)).to.deep.equal(expectedBy(truth.cancellations_by_month));
  });

  it('gives every country its net revenue, exactly', () => {
    const exact = ({ lines }: DocumentJson) => sumOf(lines, ({ quantity, unitPrice }) => quantity * unitPrice);
    const differences = new Map<string, number>();
    const add = (country: string, millionths: number) =>
      differences.set(country, (differences.get(country) ?? 0) + millionths);
    for (const [name, { revenue }] of Object.entries(truth.net_by_country)) {
      add(countryCodes.get(name) ?? name, parseMillionths(revenue) ?? Number.NaN);
    }
    add('GB', -(parseMillionths(truth.bad_debt_A.revenue) ?? Number.NaN));
    for (const sale of sales) add(sale.country, -exact(sale));
    for (const one of returns) add(one.country, exact(one));
    expect([...differences].filter(([, difference]) => difference !== 0)).to.deep.equal([]);
  });

  it('accounts for every line', () => {
    const reasons: Record<string, number> = {};
    for (const { reason } of file.notes) reasons[reason] = (reasons[reason] ?? 0) + 1;
    expect(reasons).to.deep.equal({ stock_movement: 1336, no_price: 1179, bad_debt: 3 });
    expect(1336 + 1179).to.equal(truth.zero_or_negative_adjustments.lines);
    expect(file.rows).to.equal(truth.lines);
    expect(figuresOf(file.commands).lines + file.notes.length).to.equal(truth.lines);
    expect(file.damage).to.equal(undefined);
  });

  it('is taken by the command API as it is', () => {
    const now = Date.parse('2011-12-10T00:00:00Z');
    for (const command of file.commands) parseTyped(JSON.stringify(command), now);
  });

  it('keeps the quirks: one sale of an invoice in two places, customers without ".0", London time', () => {
    const byId = new Map(sales.map((sale) => [sale.type === 'RecordSale' ? sale.saleId : '', sale]));
    expect(sales.filter((sale) => sale.type === 'RecordSale' && sale.saleId === 'uci-542806')).to.have.length(1);
    expect(byId.get('uci-536365')).to.deep.include({
      occurredAt: '2010-12-01T08:26:00.000Z',
      customerId: '17850',
      country: 'GB',
      channel: 'online',
      payments: [{ method: 'unknown', amount: 13_912 }],
    });
    const summer = sales.find(({ occurredAt }) => occurredAt.startsWith('2011-07-01'));
    expect(summer?.occurredAt).to.equal('2011-07-01T07:16:00.000Z');
  });
});
