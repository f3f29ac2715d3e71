import { expect } from 'chai';
import { receive } from '../../../commands/processor/received.ts';
import type { RecordSale } from '../../../domain/messages.generated.ts';
import { createPartitioner } from '../../../platform/kafka/partitioner.ts';
import type { Codec } from '../../../platform/registry/codec.ts';
import { NOW } from '../domain/arbitrary.ts';

const partitionOf = createPartitioner(8);

/** What becomes of a sale under a record key that lies where the key belongs. */
function received(saleId: string, key: Buffer, commandId = saleId) {
  const data = { commandId, saleId, lines: [], payments: [] } as unknown as RecordSale;
  const codec: Codec = {
    encode: () => Buffer.alloc(0),
    learn: async () => {},
    decode: () => ({ type: 'RecordSale', data }),
  };
  return receive({ offset: 3, timestamp: NOW, key, value: Buffer.alloc(9) }, partitionOf(key), codec, partitionOf);
}

function codeOf({ refusal }: ReturnType<typeof received>): string | undefined {
  return refusal?.type === 'CommandRejected' ? refusal.data.code : undefined;
}

describe('a record of the commands topic', () => {
  it('is taken under the bytes of its id alone: other bytes that read the same belong to other partitions', () => {
    expect(received('\uFFFD', Buffer.from('\uFFFD')).key).to.equal('\uFFFD');
    for (const byte of [0xfd, 0xfe, 0x80])
      expect(codeOf(received('\uFFFD', Buffer.from([byte])))).to.equal('MISROUTED');
  });

  it('has no command id that could be the place of another', () => {
    expect(codeOf(received('S-1', Buffer.from('S-1'), '0:3'))).to.equal('UNREADABLE');
    expect(codeOf(received('S-1', Buffer.from('S-1'), '0:3b'))).to.equal(undefined);
  });
});
