import { expect } from 'chai';
import fc from 'fast-check';
import {
  decodeCursor,
  decodeCustomerCursor,
  encodeCursor,
  encodeCustomerCursor,
} from '../../../read-api/queries/cursor.ts';

describe('cursor of the ledger', () => {
  it('leads back to its place', () => {
    const anyPlace = fc.record({
      occurredAt: fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
      partition: fc.nat(255),
      offset: fc.nat(Number.MAX_SAFE_INTEGER),
    });
    fc.assert(
      fc.property(anyPlace, (place) => {
        expect(decodeCursor(encodeCursor(place))).to.deep.equal(place);
      }),
    );
  });

  it('is refused when it was made up', () => {
    const madeUp = [
      '',
      'x',
      'MTIz',
      Buffer.from('1:2').toString('base64url'),
      Buffer.from('1:2:3:4').toString('base64url'),
    ];
    for (const cursor of [...madeUp, `${encodeCursor({ occurredAt: new Date(0), partition: 0, offset: 0 })}=`]) {
      expect(() => decodeCursor(cursor), cursor)
        .to.throw(/not a cursor/)
        .with.nested.property('extensions.code', 'BAD_USER_INPUT');
    }
  });

  it('is refused, not crashed on, whatever it is', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          decodeCursor(text);
        } catch (error) {
          expect(error).to.have.nested.property('extensions.code', 'BAD_USER_INPUT');
        }
      }),
    );
  });
});

describe('cursor of customers', () => {
  const net = fc.integer({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER });
  const id = fc.string({ unit: 'grapheme-composite', minLength: 1 }).filter((text) => !text.includes('\0'));

  it('leads back to its place', () => {
    fc.assert(
      fc.property(net, id, (net, id) => {
        expect(decodeCustomerCursor(encodeCustomerCursor({ net, id }))).to.deep.equal({ net, id });
      }),
    );
  });

  it('is refused, not crashed on, whatever it is', () => {
    const madeUp = [
      '',
      'x',
      'MTIz',
      ...['12', 'x:y', '1:\0', '01:y'].map((text) => Buffer.from(text).toString('base64url')),
    ];
    for (const cursor of madeUp) {
      expect(() => decodeCustomerCursor(cursor), cursor)
        .to.throw(/not a cursor/)
        .with.nested.property('extensions.code', 'BAD_USER_INPUT');
    }
  });
});
