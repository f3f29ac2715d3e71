import { expect } from 'chai';
import fc from 'fast-check';
import { parseMillionths, parseWhole } from '../../../dev/import/decimal.ts';

describe('Prices as text', () => {
  const examples: [text: string, millionths: number | undefined][] = [
    ['2.55', 2_550_000],
    ['0.001', 1000],
    ['1.499', 1_499_000],
    ['0.0', 0],
    ['-0.0', 0],
    ['-11062.06', -11_062_060_000],
    ['38970', 38_970_000_000],
    ['0.000001', 1],
    ['1.2500000000', 1_250_000],
    ['0.0000001', undefined],
    ['9007199254.740991', Number.MAX_SAFE_INTEGER],
    ['9007199254.740992', undefined],
  ];
  for (const [text, millionths] of examples) {
    it(`${text} is ${millionths === undefined ? 'refused' : `${millionths} millionths`}`, () => {
      expect(parseMillionths(text)).to.equal(millionths);
    });
  }

  it('refuse what is not a plain decimal', () => {
    for (const text of ['', ' ', '.5', '5.', '1,5', '1e3', '£2', '0x10', 'NaN', 'Infinity', '+1', '--1', '1.2.3']) {
      expect(parseMillionths(text), text).to.equal(undefined);
    }
  });

  it('keep every digit', () => {
    const price = fc.tuple(fc.integer({ min: 0, max: 9_000_000_000 }), fc.integer({ min: 0, max: 999_999 }));
    fc.assert(
      fc.property(price, fc.boolean(), ([units, millionths], negative) => {
        const text = `${negative ? '-' : ''}${units}.${String(millionths).padStart(6, '0')}`;
        const exact = BigInt(units) * 1_000_000n + BigInt(millionths);
        const parsed = parseMillionths(text);
        if (exact <= BigInt(Number.MAX_SAFE_INTEGER)) expect(BigInt(parsed ?? NaN)).to.equal(negative ? -exact : exact);
        else expect(parsed).to.equal(undefined);
      }),
    );
  });
});

describe('Whole numbers as text', () => {
  it('are read, and nothing else', () => {
    expect(parseWhole('-12')).to.equal(-12);
    for (const text of ['', '1.0', '1e3', ' 1', 'six', '9007199254740992'])
      expect(parseWhole(text)).to.equal(undefined);
  });
});
