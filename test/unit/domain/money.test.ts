import { expect } from 'chai';
import fc from 'fast-check';
import { decimalsOf, isCurrency, lineGross, minorUnitsToDecimal } from '../../../domain/money.ts';

describe('money', () => {
  it('knows the decimals of currencies, which are not all two', () => {
    expect(['USD', 'JPY', 'BHD', 'GBP', 'HUF'].map(decimalsOf)).to.deep.equal([2, 0, 3, 2, 2]);
    expect(isCurrency('XYZ')).to.equal(false);
    expect(() => decimalsOf('XYZ')).to.throw(RangeError, 'XYZ');
  });

  it('rounds a line half up to minor units, once', () => {
    expect(lineGross(1, 1000, 'GBP'), '0.001 GBP').to.equal(0);
    expect(lineGross(1, 5000, 'GBP'), '0.005 GBP').to.equal(1);
    expect(lineGross(3, 1_499_000, 'EUR'), '3 x 1.499 EUR').to.equal(450);
    expect(lineGross(3, 333_333, 'JPY'), '0.999999 JPY').to.equal(1);
    expect(lineGross(1, 1_234_500, 'BHD'), '1.2345 BHD').to.equal(1235);
  });

  it('is exact where a double is not', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000_000_000 }),
        fc.integer({ min: 0, max: 1_000_000_000_000 }),
        fc.constantFrom('USD', 'JPY', 'BHD'),
        (quantity, unitPrice, currency) => {
          const divisor = 10n ** BigInt(6 - decimalsOf(currency));
          const exact = (BigInt(quantity) * BigInt(unitPrice) * 2n + divisor) / (2n * divisor);
          expect(lineGross(quantity, unitPrice, currency)).to.equal(Number(exact));
        },
      ),
    );
  });

  it('writes minor units as decimal text of the currency', () => {
    expect(minorUnitsToDecimal(-1234, 'USD')).to.equal('-12.34');
    expect(minorUnitsToDecimal(5, 'BHD')).to.equal('0.005');
    expect(minorUnitsToDecimal(0, 'GBP')).to.equal('0.00');
    expect(minorUnitsToDecimal(1500, 'JPY')).to.equal('1500');
    expect(() => minorUnitsToDecimal(0.5, 'USD')).to.throw(RangeError);
  });
});
