import { expect } from 'chai';
import fc from 'fast-check';
import { Partitioners } from 'kafkajs';
import { createPartitioner } from '../../../platform/kafka/partitioner.ts';

describe('the partition of a key', () => {
  it('is what the Java client computes (murmur2, vectors of its own test)', () => {
    // org.apache.kafka.common.utils.UtilsTest.testMurmur2, made positive, mod 1,000.
    const vectors: [string, number][] = [
      ['21', -973932308],
      ['foobar', -790332482],
      ['a-little-bit-long-string', -985981536],
      ['a-little-bit-longer-string', -1486304829],
      ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ];
    const partitionOf = createPartitioner(1000);
    for (const [key, hash] of vectors) expect(partitionOf(key), key).to.equal((hash & 0x7fffffff) % 1000);
    expect(partitionOf(Buffer.from('foobar'))).to.equal(partitionOf('foobar'));
  });

  it('is what kafkajs computes, of any bytes', () => {
    const partitionOf = createPartitioner(8);
    const byKafkajs = Partitioners.DefaultPartitioner();
    const partitionMetadata = Array.from({ length: 8 }, (_, partitionId) => {
      return { partitionErrorCode: 0, partitionId, leader: 0, replicas: [], isr: [] };
    });
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), (bytes) => {
        const key = Buffer.from(bytes);
        expect(partitionOf(key)).to.equal(byKafkajs({ topic: '', partitionMetadata, message: { key, value: null } }));
      }),
    );
  });
});
