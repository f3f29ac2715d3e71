import { expect } from 'chai';
import type { Command, Payment, RecordSale, RefundSale, VoidSale } from '../../../domain/messages.generated.ts';
import { limits } from '../../../domain/violations.ts';
import { NOW } from './arbitrary.ts';
import { History } from './history.ts';

/** Three mugs at 2.00, two plates at 5.00 less 1.00, 3.00 shipping, 1.50 tax; paid 10.00 by card and 9.50 in cash. */
const sale: RecordSale = {
  commandId: 'S1',
  replyTo: null,
  saleId: 'S1',
  occurredAt: NOW - 1000,
  currency: 'GBP',
  channel: 'online',
  country: 'GB',
  customerId: 'C1',
  lines: [
    {
      lineId: 'mug',
      productId: 'P1',
      productName: 'Mug',
      category: 'Kitchen',
      quantity: 3,
      unitPrice: 2e6,
      discount: 0,
    },
    {
      lineId: 'plate',
      productId: 'P2',
      productName: 'Plate',
      category: 'Kitchen',
      quantity: 2,
      unitPrice: 5e6,
      discount: 100,
    },
  ],
  shipping: 300,
  tax: 150,
  payments: [
    { method: 'card', amount: 1000 },
    { method: 'cash', amount: 950 },
  ],
};

function refund(refundId: string, fields: Partial<RefundSale>): Command {
  const none = { whole: false, lines: null, amount: null, shipping: 0, tax: 0, payments: null };
  const head = { commandId: `refund:S1:${refundId}`, replyTo: null, saleId: 'S1', refundId, occurredAt: NOW };
  return { type: 'RefundSale', data: { ...head, ...none, ...fields } };
}

function voiding(fields: Partial<VoidSale> = {}): Command {
  return { type: 'VoidSale', data: { commandId: 'void:S1', replyTo: null, saleId: 'S1', occurredAt: NOW, ...fields } };
}

function sold(): History {
  const history = new History();
  history.send({ type: 'RecordSale', data: sale });
  return history;
}

function codeOf({ data }: ReturnType<History['send']>): string | undefined {
  return data && 'code' in data ? data.code : undefined;
}

describe('a refund', () => {
  it('of the whole sale gives back all lines, shipping and tax, by the ways it was paid', () => {
    const { data } = sold().send(refund('R1', { whole: true }));
    expect(data).to.deep.include({
      saleId: 'S1',
      refundId: 'R1',
      soldAt: NOW - 1000,
      occurredAt: NOW,
      customerId: 'C1',
      shipping: 300,
      tax: 150,
    });
    expect(data).to.have.deep.property('payments', sale.payments);
    expect(data)
      .to.have.property('lines')
      .that.deep.equals([
        { lineId: 'mug', productId: 'P1', productName: 'Mug', category: 'Kitchen', quantity: 3, amount: 600 },
        { lineId: 'plate', productId: 'P2', productName: 'Plate', category: 'Kitchen', quantity: 2, amount: 900 },
      ]);
  });

  it('of pieces gives each its share of what is left of its line, and the last one the rest', () => {
    const history = sold();
    const amounts = ['R1', 'R2', 'R3'].map((id) => {
      const { data } = history.send(refund(id, { lines: [{ lineId: 'mug', quantity: 1 }] }));
      return data && 'lines' in data && data.lines.map((line) => ('amount' in line ? line.amount : 0));
    });
    expect(amounts).to.deep.equal([[200], [200], [200]]);
    expect(codeOf(history.send(refund('R4', { lines: [{ lineId: 'mug', quantity: 1 }] })))).to.equal('EXCEEDS_PAID');
  });

  it('by amount is spread over the lines by largest remainder, and always names them', () => {
    const { data } = sold().send(refund('R1', { amount: 101 }));
    expect(data)
      .to.have.property('lines')
      .that.deep.equals([
        { lineId: 'mug', productId: 'P1', productName: 'Mug', category: 'Kitchen', quantity: 0, amount: 40 },
        { lineId: 'plate', productId: 'P2', productName: 'Plate', category: 'Kitchen', quantity: 0, amount: 61 },
      ]);
    expect(data).to.have.deep.property('payments', [
      { method: 'card', amount: 52 },
      { method: 'cash', amount: 49 },
    ]);
  });

  it('gives back shipping and tax beside lines only as far as asked', () => {
    const history = sold();
    expect(history.send(refund('R1', { amount: 0, shipping: 300 })).data).to.deep.include({
      lines: [],
      shipping: 300,
      tax: 0,
    });
    expect(codeOf(history.send(refund('R2', { amount: 10, shipping: 1 })))).to.equal('EXCEEDS_PAID');
    expect(history.send(refund('R3', { whole: true })).data).to.deep.include({ shipping: 0, tax: 150 });
    expect(codeOf(history.send(refund('R4', { whole: true })))).to.equal('EXCEEDS_PAID');
  });

  it('takes stated payments that add up and were paid, and no others', () => {
    const cash = (amount: number): Payment[] => [{ method: 'cash', amount }];
    const history = sold();
    expect(history.send(refund('R1', { amount: 900, payments: cash(900) })).event?.type).to.equal('SaleRefunded');
    expect(codeOf(history.send(refund('R2', { amount: 100, payments: cash(99) })))).to.equal('MISMATCH');
    expect(codeOf(history.send(refund('R3', { amount: 100, payments: cash(100) })))).to.equal('EXCEEDS_PAID');
    const twice = [...cash(30), ...cash(30), { method: 'card', amount: 40 }];
    expect(codeOf(history.send(refund('R4', { amount: 100, payments: twice })))).to.equal('EXCEEDS_PAID');
    expect(codeOf(history.send(refund('R5', { amount: 1, payments: [{ method: 'cheque', amount: 1 }] })))).to.equal(
      'EXCEEDS_PAID',
    );
  });

  it('once only: a repeat adds nothing, and other content under its id is a conflict that names the field', () => {
    const history = sold();
    history.send(refund('R1', { amount: 100 }));
    expect(history.send(refund('R1', { amount: 100, commandId: 'again' })).outcome).to.deep.equal({
      outcome: 'accepted',
      eventId: 'SaleRefunded:S1:R1',
      offset: 1,
    });
    const { data } = history.send(refund('R1', { amount: 101, commandId: 'other' }));
    expect(data)
      .to.include({ code: 'CONFLICT' })
      .and.have.property('detail')
      .that.matches(/^\/amount /);
    expect(codeOf(history.send(refund('R1', { whole: true, commandId: 'all' })))).to.equal('CONFLICT');
  });

  it('needs its sale, and a command id of its own', () => {
    const history = new History();
    expect(codeOf(history.send(refund('R1', { whole: true })))).to.equal('SALE_NOT_FOUND');
    history.send({ type: 'RecordSale', data: sale });
    expect(history.send(refund('R1', { whole: true })).outcome).to.include({
      outcome: 'rejected',
      code: 'SALE_NOT_FOUND',
    });
    const { data } = history.send(refund('R1', { whole: true, commandId: 'S1' }));
    expect(data)
      .to.include({ code: 'CONFLICT', commandId: '0:902' })
      .and.have.property('detail')
      .that.matches(/^\/commandId /);
    expect(history.send(refund('R1', { whole: true, commandId: 'new' })).event?.type).to.equal('SaleRefunded');
  });

  it('has its limit: a sale that could be refunded for ever would never fit in memory', () => {
    const history = sold();
    for (let count = 0; count < limits.refunds; count += 1) history.send(refund(`R${count}`, { amount: 1 }));
    expect(codeOf(history.send(refund('more', { amount: 1 })))).to.equal('TOO_MANY_REFUNDS');
  });

  it('names no line that the sale has not', () => {
    const { data } = sold().send(refund('R1', { lines: [piece('cup')] }));
    expect(data)
      .to.include({ code: 'MISMATCH' })
      .and.have.property('detail')
      .that.matches(/^\/lines\/0\/lineId /);
  });

  for (const [what, fields, pointer] of [
    ['a command id that looks like a place', { amount: 1, commandId: '0:3' }, '/commandId'],
    ['nothing asked for', {}, 'give'],
    ['two kinds at once', { whole: true, amount: 5 }, 'give'],
    ['no line', { lines: [] }, '/lines'],
    ['a line twice', { lines: [piece('mug'), piece('mug')] }, '/lines/1/lineId'],
    ['no piece', { lines: [{ lineId: 'mug', quantity: 0 }] }, '/lines/0/quantity'],
    ['half a piece', { lines: [{ lineId: 'mug', quantity: 0.5 }] }, '/lines/0/quantity'],
    ['an amount of nothing', { amount: 0 }, '/amount'],
    ['a fraction of an amount', { amount: 1.5 }, '/amount'],
    ['a negative amount', { amount: -1 }, '/amount'],
    ['a negative tax', { amount: 1, tax: -1 }, '/tax'],
    ['shipping beside the whole', { whole: true, shipping: 1 }, '/shipping'],
    ['a negative payment', { amount: 1, payments: [{ method: 'card', amount: -1 }] }, '/payments/0/amount'],
    ['an empty refund id', { amount: 1, refundId: '' }, '/refundId'],
    ['a date in the future', { amount: 1, occurredAt: NOW + 3 * 24 * 3600 * 1000 }, '/occurredAt'],
  ] as [string, Partial<RefundSale>, string][]) {
    it(`is refused with ${what}`, () => {
      const { data } = sold().send(refund('R1', fields));
      expect(data).to.include({ code: 'INVALID' });
      expect(data && 'detail' in data && data.detail.split(' ')[0]).to.equal(pointer);
    });
  }
});

describe('a void', () => {
  it('takes back everything on the date of the sale, once', () => {
    const history = sold();
    const { data } = history.send(voiding());
    expect(data).to.deep.include({
      saleId: 'S1',
      soldAt: NOW - 1000,
      occurredAt: NOW,
      shipping: 300,
      payments: sale.payments,
    });
    expect(data).to.have.deep.nested.property('lines[1].gross', 1000);
    expect(history.send(voiding({ commandId: 'again' })).outcome).to.include({ outcome: 'accepted', offset: 1 });
    expect(codeOf(history.send(voiding({ occurredAt: NOW - 1, commandId: 'other' })))).to.equal('CONFLICT');
  });

  it('ends the sale: no refund after it, and the sale is not recorded again', () => {
    const history = sold();
    history.send(voiding());
    expect(codeOf(history.send(refund('R1', { amount: 1 })))).to.equal('SALE_VOIDED');
    expect(history.send({ type: 'RecordSale', data: { ...sale, commandId: 'b' } }).outcome?.offset).to.equal(0);
  });

  it('needs a sale without refunds', () => {
    expect(codeOf(new History().send(voiding()))).to.equal('SALE_NOT_FOUND');
    const history = sold();
    history.send(refund('R1', { amount: 1 }));
    expect(codeOf(history.send(voiding()))).to.equal('SALE_REFUNDED');
  });
});

function piece(lineId: string) {
  return { lineId, quantity: 1 };
}
