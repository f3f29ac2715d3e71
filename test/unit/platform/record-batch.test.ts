/** The fast record batches against kafkajs's own, which is slow and known to be right. */
import { createRequire } from 'node:module';
import { expect } from 'chai';
import fc from 'fast-check';
import { crc32c } from '../../../platform/kafka/crc32c.ts';
import { installFastRecords } from '../../../platform/kafka/fast-records.ts';
import {
  maxSizeOfRecordBatch,
  type NewRecord,
  readRecordBatches,
  writeRecordBatch,
} from '../../../platform/kafka/record-batch.ts';
import { Writer } from '../../../platform/kafka/wire.ts';

const require = createRequire(import.meta.url);
const { RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0');
const kafkajsRecord = require('kafkajs/src/protocol/recordBatch/record/v0');
const decodeBatch = require('kafkajs/src/protocol/recordBatch/v0/decoder');
const Decoder = require('kafkajs/src/protocol/decoder');
const produce = require('kafkajs/src/protocol/requests/produce');
const kafkajsCrc32c = require('kafkajs/src/protocol/recordBatch/crc32C');

const NOW = 1_790_000_000_000;
const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const payload = fc.oneof(bytes, fc.string({ unit: 'grapheme' }), fc.constant(null));
/** kafkajs reads headers that are called like what every object has, such as valueOf, wrongly. */
const headerName = fc.string({ unit: 'grapheme' }).map((name) => `header ${name}`);
const record: fc.Arbitrary<NewRecord> = fc.record({
  key: payload,
  value: payload,
  headers: fc.option(fc.dictionary(headerName, fc.oneof(bytes, fc.string(), fc.array(bytes, { minLength: 2 }))), {
    nil: undefined,
  }),
});
const records = fc.array(record, { minLength: 1, maxLength: 200 });

function written(batch: readonly NewRecord[]): Buffer {
  const writer = new Writer(maxSizeOfRecordBatch(batch));
  writeRecordBatch(writer, batch, NOW);
  return writer.bytes.subarray(0, writer.at);
}

async function writtenByKafkajs(batch: readonly NewRecord[], options: object = {}): Promise<Buffer> {
  const times = batch.map(({ timestamp }) => Number(timestamp ?? NOW));
  const encoded = await RecordBatch({
    records: batch.map((one, index) =>
      kafkajsRecord({ ...one, offsetDelta: index, timestampDelta: (times[index] ?? 0) - (times[0] ?? 0) }),
    ),
    firstTimestamp: times[0],
    maxTimestamp: Math.max(...times),
    lastOffsetDelta: batch.length - 1,
    ...options,
  });
  return encoded.buffer;
}

describe('record batches', () => {
  it('are written as kafkajs writes them, byte by byte', () =>
    fc.assert(
      fc.asyncProperty(records, async (batch) => {
        expect(written(batch).equals(await writtenByKafkajs(batch))).to.equal(true);
      }),
    ));

  it('carry the times of their records, whatever their order', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 4e12 }), { minLength: 1 }), async (times) => {
        const batch = times.map((timestamp) => ({ value: 'x', timestamp: String(timestamp) }));
        expect(written(batch).equals(await writtenByKafkajs(batch))).to.equal(true);
        expect(readRecordBatches(written(batch))?.map(({ timestamp }) => timestamp)).to.deep.equal(times);
      }),
    ));

  it('are read as kafkajs reads them, several after one another and cut off at the end', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(records, { minLength: 1, maxLength: 4 }),
        fc.nat({ max: 2 ** 40 }),
        fc.boolean(),
        fc.nat(),
        async (batches, baseOffset, appendTime, cut) => {
          const all = batches.map(written);
          for (const batch of all) {
            batch.writeBigInt64BE(BigInt(baseOffset));
            if (appendTime) batch.writeInt16BE(0x8, 21);
          }
          const rest = written([{ value: 'is cut off' }]);
          const set = Buffer.concat([...all, rest.subarray(0, cut % rest.length)]);
          const expected = [];
          for (const batch of all) expected.push(...(await decodeBatch(new Decoder(batch))).records);
          expect(readRecordBatches(set)?.map(comparable)).to.deep.equal(expected.map(comparableOfKafkajs));
        },
      ),
      { numRuns: 50 },
    ));

  it('that are compressed, in a transaction or control one are left to kafkajs', async () => {
    const batch = [{ value: 'x' }];
    expect(readRecordBatches(await writtenByKafkajs(batch, { compression: 1 }))).to.equal(undefined);
    expect(readRecordBatches(await writtenByKafkajs(batch, { transactional: true }))).to.equal(undefined);
    const control = written(batch);
    control.writeInt16BE(0x20, 21);
    expect(readRecordBatches(Buffer.concat([written(batch), control]))).to.equal(undefined);
    const old = written(batch);
    old.writeInt8(1, 16);
    expect(readRecordBatches(old)).to.equal(undefined);
  });

  it('go into produce requests that are the same as kafkajs writes, byte by byte', () =>
    fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.string(), fc.dictionary(fc.nat(1000).map(String), records)),
        async (batches) => {
          const options = {
            acks: -1,
            timeout: 30_000,
            compression: 0,
            producerId: -1,
            producerEpoch: 0,
            topicData: Object.entries(batches).map(([topic, partitions]) => ({
              topic,
              partitions: Object.entries(partitions).map(([partition, messages]) => ({
                partition,
                firstSequence: 0,
                messages: messages.map((one) => ({ ...one, timestamp: String(NOW) })),
              })),
            })),
          };
          installFastRecords();
          const fast = await produce.protocol({ version: 7 })(options).request.encode();
          const slow = await require('kafkajs/src/protocol/requests/produce/v7/request')(options).encode();
          expect(fast.buffer.equals(slow.buffer)).to.equal(true);
        },
      ),
      { numRuns: 10 },
    ));

  it('have the right checksum', () => {
    expect(crc32c(Buffer.from('123456789'))).to.equal(0xe3069283);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(100), (array, start) => {
        expect(crc32c(array, Math.min(start, array.length))).to.equal(kafkajsCrc32c(array.subarray(start)));
      }),
    );
  });
});

interface Comparable {
  offset: string;
  timestamp: string;
  key: Buffer | null;
  value: Buffer | null;
  headers: [string, unknown][];
}

function comparable(one: NonNullable<ReturnType<typeof readRecordBatches>>[number]): Comparable {
  return { ...one, offset: String(one.offset), timestamp: String(one.timestamp) };
}

function comparableOfKafkajs(
  one: { headers: Record<string, Buffer | Buffer[]> } & Omit<Comparable, 'headers'>,
): Comparable {
  const { offset, timestamp, key, value } = one;
  const headers = Object.entries(one.headers).flatMap(([name, of]): [string, unknown][] =>
    Array.isArray(of) ? of.map((single): [string, unknown] => [name, single]) : [[name, of]],
  );
  return { offset, timestamp, key, value, headers };
}
