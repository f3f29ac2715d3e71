import { expect } from 'chai';
import { decodeLines, decodePayments, encodeLines, encodePayments } from '../../../domain/ledger.ts';

const line = {
  lineId: '1',
  productId: 'p-1',
  productName: 'Mug "large" – 0,5 l',
  category: 'Kitchen',
  quantity: 2,
  unitPrice: 2_550_000,
  gross: 510,
  discount: 10,
};

describe('the ledger’s lines and payments', () => {
  it('come back as they went in', () => {
    expect(decodeLines(encodeLines([line, { ...line, lineId: '2' }]))).to.deep.equal([line, { ...line, lineId: '2' }]);
    const others = [
      { ...line, lineId: 'A', discount: 0 },
      { ...line, lineId: 'B' },
      { ...line, lineId: '3', discount: 0 },
    ];
    expect(decodeLines(encodeLines(others))).to.deep.equal(others);
    const payments = [
      { method: 'card', amount: 500 },
      { method: 'voucher', amount: 0 },
    ];
    expect(decodePayments(encodePayments(payments))).to.deep.equal(payments);
  });

  it('have no discount when they are of a return', () => {
    const { discount, ...returned } = line;
    expect(decodeLines(encodeLines([returned]))).to.deep.equal([{ ...line, discount: 0 }]);
  });
});
