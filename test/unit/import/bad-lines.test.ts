import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { domainIdOf } from '../../../dev/command-json.ts';
import { readRetail } from '../../support/read-retail.ts';
import { header, row, scratchFolder } from '../../support/retail-file.ts';

describe('Lines that are not in order', () => {
  const folder = scratchFolder();
  const read = (...lines: string[]) => readRetail(folder.file('data.csv', `${[header, ...lines].join('\n')}\n`));

  const bad: [what: string, line: string, detail: string][] = [
    ['a quantity that is no number', row({ invoice: '2', quantity: 'six' }), 'Quantity is "six", not a whole number'],
    ['a quantity with a fraction', row({ invoice: '2', quantity: '1.5' }), 'Quantity is "1.5"'],
    ['a date that does not exist', row({ invoice: '2', date: '2010-02-30 08:00:00' }), 'InvoiceDate is "2010-02-30'],
    ['a price that is no number', row({ invoice: '2', price: '2,55' }), 'has 9 columns, not 8'],
    ['a price with a letter', row({ invoice: '2', price: '2.5S' }), 'UnitPrice is "2.5S"'],
    ['a country that nobody knows', row({ invoice: '2', country: 'Narnia' }), 'Country is "Narnia"'],
    ['no product', row({ invoice: '2', code: '' }), 'StockCode is ""'],
    ['no invoice number', row({ invoice: '' }), 'InvoiceNo is ""'],
    ['half a line', '2,85123A,WHITE', 'has 3 columns, not 8'],
  ];
  for (const [what, line, detail] of bad) {
    it(`${what}: is reported with its number, and the rest goes in`, async () => {
      const { commands, notes } = await read(row({ invoice: '1' }), line, row({ invoice: '3' }));
      expect(commands.map(domainIdOf)).to.deep.equal(['uci-1', 'uci-3']);
      expect(notes).to.have.length(1);
      expect(notes[0]).to.include({ line: 3, reason: 'bad_line' });
      expect(notes[0]?.detail).to.contain(detail);
    });
  }

  it('a quote that is not closed: is reported with its number, and the 199 other lines go in', async () => {
    const lines = Array.from({ length: 200 }, (_, index) => row({ invoice: String(1000 + index) }));
    lines[68] = '536365,"unclosed';
    const { commands, notes } = await read(...lines);
    expect(commands).to.have.length(199);
    expect(notes).to.deep.equal([
      { line: 70, invoice: '536365', reason: 'bad_line', detail: 'a quote is opened and not closed' },
    ]);
  });

  it('of an invoice with a line that cannot be read, the other lines go in', async () => {
    const { commands, notes } = await read(row(), row({ quantity: 'x' }), row({ invoice: '2' }), row());
    expect(commands.map(domainIdOf)).to.deep.equal(['uci-536365', 'uci-2']);
    expect(commands[0]?.lines).to.have.length(2);
    expect(notes.map(({ line, reason }) => [line, reason])).to.deep.equal([[3, 'bad_line']]);
  });

  it('the last invoice of a file that breaks off is held back: it may lack lines', async () => {
    const lines = Array.from({ length: 200 }, (_, index) => row({ invoice: String(1000 + Math.floor(index / 10)) }));
    const whole = gzipSync(`${[header, ...lines].join('\n')}\n`, { level: 0 });
    const { commands, notes, damage } = await readRetail(folder.file('cut.gz', whole.subarray(0, 6000)));
    expect(damage?.message).to.contain('truncated');
    expect(commands.every(({ lines }) => lines.length === 10)).to.equal(true);
    expect(new Set(notes.map(({ invoice }) => invoice))).to.deep.equal(new Set([String(1000 + commands.length)]));
  });

  it('lines that are neither sale nor return are reported by reason, their invoice stays', async () => {
    const { commands, notes } = await read(
      row(),
      row({ quantity: '-3' }),
      row({ price: '0.0' }),
      row({ invoice: 'A1' }),
      row({ invoice: 'C2', quantity: '5' }),
      row({ invoice: 'C2', quantity: '-5' }),
    );
    expect(notes.map(({ reason }) => reason)).to.deep.equal(['stock_movement', 'no_price', 'bad_debt', 'not_a_return']);
    expect(commands.map(({ lines }) => lines.map(({ quantity }) => quantity))).to.deep.equal([[6], [5]]);
  });

  it('a price of 0.001 rounds to nothing and is kept', async () => {
    const { commands } = await read(row({ quantity: '1', price: '0.001' }));
    expect(commands[0]?.lines[0]).to.include({ quantity: 1, unitPrice: 1000 });
    expect(commands[0]?.payments).to.deep.equal([{ method: 'unknown', amount: 0 }]);
  });

  it('columns may come in any order, but not be missing', async () => {
    const order = folder.file(
      'order.csv',
      'Country,UnitPrice,Quantity,Extra,StockCode,Description,InvoiceNo,CustomerID,InvoiceDate\nUSA,1.5,2,x,P1,,7,,2011-01-01 00:00:00\n',
    );
    expect((await readRetail(order)).commands[0]).to.deep.include({
      saleId: 'uci-7',
      country: 'US',
      customerId: undefined,
    });
    for (const content of ['', 'InvoiceNo,Quantity\n1,2\n']) {
      const error = await readRetail(folder.file('columns.csv', content)).catch((reason) => reason);
      expect(error.message).to.contain('has no column').and.to.contain('StockCode');
    }
  });
});
