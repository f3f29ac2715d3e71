import { expect } from 'chai';
import type { Event } from '../../../domain/messages.generated.ts';
import { type Codec, DecodeError, UnknownSchemaError } from '../../../platform/registry/codec.ts';
import { decodeSlices, idOf } from '../../../projections/log-slice.ts';
import { sale } from '../../support/documents.ts';

/** A prefix, then expectedOffset and commandOffset as Avro longs below 64; what follows is up to the codec. */
const bytes = (expectedOffset: number, tail = 0) => Buffer.from([0, 0, 0, 0, 1, expectedOffset * 2, 0, tail]);
const record = (offset: number, value: Buffer | null) => ({ offset, timestamp: 1000 + offset, key: null, value });

const codec: Pick<Codec, 'learn' | 'decode'> = {
  learn: async () => {},
  decode(value) {
    if (value?.at(-1) === 1) throw new DecodeError('schema id 1 is unknown');
    if (value?.at(-1) === 2) return { type: 'RecordSale' } as never;
    return sale('s-1') as Event;
  },
};
const decode = (...records: ReturnType<typeof record>[]) =>
  decodeSlices(codec, () => '2026-01-01', [{ partition: 4, records }]);

describe('decodeSlices', () => {
  it('takes an event where it expects to sit and no other, decodable or not', async () => {
    const [slice] = await decode(record(7, bytes(7)), record(8, bytes(7)), record(9, bytes(8, 1)), record(10, null));
    expect(slice?.from).to.equal(7);
    expect(slice?.to).to.equal(11);
    expect(slice?.records.map(idOf)).to.deep.equal(['SaleRecorded:s-1', 'void', 'void', 'void']);
    expect(slice?.records[0]).to.include({ partition: 4, offset: 7, recordedAt: 1007 });
  });

  it('asks the registry about valid records only', async () => {
    const learnt: unknown[] = [];
    const learn = async (values: Iterable<Uint8Array | null>) => void learnt.push(...values);
    const records = [record(7, bytes(7)), record(8, bytes(7))];
    await decodeSlices({ ...codec, learn }, () => '2026-01-01', [{ partition: 4, records }]);
    expect(learnt).to.deep.equal([bytes(7)]);
  });

  it('says which valid records can not be decoded, and goes on', async () => {
    const [slice] = await decode(record(7, bytes(7)), record(8, bytes(8, 1)), record(9, bytes(9, 2)));
    expect(slice?.records.map(idOf)).to.deep.equal(['SaleRecorded:s-1', 'undecodable', 'undecodable']);
    expect(slice?.records[1]?.failure).to.be.instanceOf(DecodeError);
  });

  it('never passes over a valid record whose schema nobody knows', async () => {
    const unknown = {
      ...codec,
      decode: () => {
        throw new UnknownSchemaError('schema id 9 is unknown');
      },
    };
    const records = [record(7, null), record(8, bytes(8)), record(9, bytes(9))];
    const [slice] = await decodeSlices(unknown, () => '', [{ partition: 4, records }]);
    expect(slice).to.include({ from: 7, to: 8 });
    expect(slice?.records).to.have.length(1);
    expect(slice?.stop).to.include({ partition: 4 });
    expect(slice?.stop?.message).to.equal('4:8 is valid but cannot be decoded: schema id 9 is unknown');
  });
});
