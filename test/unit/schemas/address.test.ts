import avro from 'avsc';
import { expect } from 'chai';
import fc from 'fast-check';
import { isValid, peekAddress } from '../../../schemas/address.ts';

const prefix = Buffer.from([0, 0, 0, 0, 9]);
const long = avro.Type.forSchema('long');

function event(expectedOffset: number, commandOffset: number): Buffer {
  return Buffer.concat([prefix, long.toBuffer(expectedOffset), long.toBuffer(commandOffset), Buffer.from('rest')]);
}

describe('the address of an event', () => {
  it('is read without the registry, whatever comes behind it', () => {
    const offset = fc.integer({ min: -(2 ** 40), max: 2 ** 48 });
    fc.assert(
      fc.property(offset, offset, (expectedOffset, commandOffset) => {
        expect(peekAddress(event(expectedOffset, commandOffset))).to.deep.equal({ expectedOffset, commandOffset });
      }),
    );
  });

  it('makes an event valid where it was expected, and nowhere else', () => {
    expect(isValid({ offset: 12, value: event(12, 3) })).to.equal(true);
    expect(isValid({ offset: 13, value: event(12, 3) })).to.equal(false);
  });

  it('is absent from bytes that are no event', () => {
    for (const value of [
      null,
      Buffer.alloc(0),
      Buffer.from('hello world'),
      prefix,
      Buffer.concat([prefix, Buffer.alloc(20, 0xff)]),
    ]) {
      expect(peekAddress(value)).to.equal(undefined);
      expect(isValid({ offset: 0, value })).to.equal(false);
    }
  });
});
