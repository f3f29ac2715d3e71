import { expect } from 'chai';
import { decideBatch } from '../../../commands/processor/batch.ts';
import type { Readable, Received } from '../../../commands/processor/received.ts';
import { rejection } from '../../../domain/decide.ts';
import { initialState } from '../../../domain/state.ts';
import { createCodec } from '../../../platform/registry/codec.ts';
import { isValid } from '../../../schemas/address.ts';
import { catalogue } from '../../../schemas/catalogue.ts';
import { NOW } from '../domain/arbitrary.ts';

const codec = createCodec('http://unused', new Map(catalogue.map(({ type }, index) => [type, index + 1])));
const limits = { bytes: 1_000_000, eventBytes: 1_000_000 };

function received(saleId: string, offset: number, quantity = 1): Readable {
  const line = {
    lineId: '1',
    productId: 'P',
    productName: 'P',
    category: 'C',
    quantity,
    unitPrice: 1_000_000,
    discount: 0,
  };
  const command = {
    type: 'RecordSale' as const,
    data: {
      commandId: saleId,
      replyTo: null,
      saleId,
      occurredAt: NOW,
      currency: 'USD',
      channel: 'c',
      country: 'US',
      customerId: null,
      lines: [line],
      shipping: 0,
      tax: 0,
      payments: [{ method: 'card', amount: quantity * 100 }],
    },
  };
  return {
    record: { offset, timestamp: NOW, key: Buffer.from(saleId), value: null },
    place: `0:${offset}`,
    key: saleId,
    command,
  };
}

function decide(commands: Received[], position = 100, some = limits) {
  return decideBatch(commands, position, () => initialState, codec, some);
}

describe('a batch of decisions', () => {
  it('gives each event the offset at which it will stand, and the command that caused it', () => {
    const batch = decide([received('A', 7), received('B', 8)]);
    expect(batch.map(({ outcome }) => outcome.offset)).to.deep.equal([100, 101]);
    for (const [index, { appended }] of batch.entries()) {
      expect(isValid({ offset: 100 + index, value: appended?.bytes ?? null })).to.equal(true);
    }
  });

  it('decides each command on the state that those before it leave', () => {
    const batch = decide([received('A', 7), received('A', 8), received('A', 9, 2)]);
    expect(batch.map(({ appended }) => appended?.event.type)).to.deep.equal([
      'SaleRecorded',
      undefined,
      'CommandRejected',
    ]);
    expect(batch[1]?.outcome.offset).to.equal(100);
    expect(batch[2]?.outcome).to.include({ offset: 101, eventId: 'CommandRejected:0:9', code: 'CONFLICT' });
  });

  it('is cut between commands by size', () => {
    const batch = decide([received('A', 7), received('B', 8), received('C', 9)], 100, { ...limits, bytes: 1 });
    expect(batch).to.have.length(1);
  });

  it('refuses what is no command, and what would make too large an event, and keeps their bytes', () => {
    const { record, place } = received('A', 7);
    const unreadable: Received = { record, place, key: '', refusal: rejection(place, 'UNREADABLE', 'not Avro') };
    expect(decide([unreadable])[0]).to.include({ parkAs: 'UNREADABLE: not Avro' });
    const [tooLarge] = decide([received('A'.repeat(128), 7)], 100, { ...limits, eventBytes: 300 });
    expect(tooLarge?.outcome).to.include({
      outcome: 'rejected',
      code: 'TOO_LARGE',
      eventId: `CommandRejected:${'A'.repeat(128)}`,
    });
    expect(tooLarge?.parkAs).to.match(/^TOO_LARGE: .* bytes of 300/);
    const [invalid] = decide([received('A', 7, 0)]);
    expect(invalid?.outcome).to.include({ outcome: 'rejected', code: 'INVALID' });
    expect(invalid?.parkAs).to.match(/^INVALID: \/lines\/0\/quantity /);
  });
});
