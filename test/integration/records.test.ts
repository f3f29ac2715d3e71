/** Records through the real broker, written and read as kafkajs is patched to and as it does by itself. */
import { expect } from 'chai';
import kafkajs, { type EachMessagePayload, type Message, type Producer } from 'kafkajs';
import { createTopics } from '../../dev/topics.ts';
import type { Config } from '../../platform/config.ts';
import { createKafka } from '../../platform/kafka/client.ts';
import { namesOf } from '../../platform/names.ts';
import { dropNamespace, servers } from '../support/servers.ts';
import { until } from '../support/services.ts';

const { CompressionTypes, Partitioners } = kafkajs;

describe('records', () => {
  let config: Config;
  let topic: string;
  const received: EachMessagePayload['message'][] = [];
  const closers: (() => Promise<void>)[] = [];

  before(async () => {
    config = await servers({ partitions: 1 });
    const { topics } = namesOf(config.namespace);
    await createTopics(config, topics);
    topic = topics.commands;
    const consumer = createKafka(config, 'test').consumer({ groupId: namesOf(config.namespace).groups.processor });
    await consumer.connect();
    closers.push(() => consumer.disconnect());
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({ eachMessage: async ({ message }) => void received.push(message) });
  });

  beforeEach(() => {
    received.length = 0;
  });

  after(async () => {
    for (const close of closers) await close();
    if (config) await dropNamespace(config);
  });

  async function producer(options: { transactionalId?: string } = {}): Promise<Producer> {
    const one = createKafka(config, 'test').producer({
      createPartitioner: Partitioners.DefaultPartitioner,
      ...options,
    });
    await one.connect();
    closers.push(() => one.disconnect());
    return one;
  }

  async function values(count: number): Promise<(string | undefined)[]> {
    await until(`${count} records are there`, () => received.length >= count);
    return received.map(({ value }) => value?.toString());
  }

  it('come back with key, value and headers as they were sent', async () => {
    const messages: Message[] = [
      { key: 'a key', value: 'a value' },
      { key: null, value: null },
      { key: Buffer.alloc(0), value: Buffer.from([0, 255, 128]) },
      { key: 'ключ', value: 'x'.repeat(200_000), headers: { one: 'text', two: ['a', Buffer.from('b')], none: '' } },
      ...Array.from({ length: 300 }, (_, index) => ({ value: `${index}` })),
    ];
    const before = Date.now();
    const [result] = await (await producer()).send({ topic, messages });
    expect(result?.baseOffset).to.equal('0');
    await values(messages.length);
    const text = (value: unknown): unknown => (Array.isArray(value) ? value.map(text) : (value as Buffer)?.toString());
    expect(received.map(({ offset }) => Number(offset))).to.deep.equal(messages.map((_, index) => index));
    expect(received.map(({ key }) => text(key))).to.deep.equal(messages.map(({ key }) => text(key ?? undefined)));
    expect(received.map(({ value }) => text(value))).to.deep.equal(
      messages.map(({ value }) => text(value ?? undefined)),
    );
    const { one, two, none } = received[3]?.headers ?? {};
    expect([one, two, none].map(text)).to.deep.equal(['text', ['a', 'b'], '']);
    for (const { timestamp } of received) expect(Number(timestamp)).to.be.within(before, Date.now());
  });

  it('go the fast way in both directions', async () => {
    // kafkajs would write an array of bytes as the text of its numbers, and tell more about the batch.
    const value = new Uint8Array([1, 2, 3]) as Buffer;
    await (await producer()).send({ topic, messages: [{ value }] });
    await values(1);
    expect(received[0]?.value).to.deep.equal(Buffer.from(value));
    expect(received[0])
      .to.have.property('batchContext')
      .that.has.all.keys('isControlBatch', 'inTransaction', 'producerId');
  });

  it('that are compressed are read between others', async () => {
    const one = await producer();
    await one.send({ topic, messages: [{ value: '1' }] });
    await one.send({ topic, messages: [{ value: '2' }, { value: '3' }], compression: CompressionTypes.GZIP });
    await one.send({ topic, messages: [{ value: '4' }] });
    expect(await values(4)).to.deep.equal(['1', '2', '3', '4']);
  });

  it('of aborted transactions are passed over, of committed ones are read', async () => {
    const plain = await producer();
    const transactional = await producer({ transactionalId: `${config.namespace}-transaction` });
    for (const [value, end] of [
      ['aborted', 'abort'],
      ['committed', 'commit'],
    ] as const) {
      const transaction = await transactional.transaction();
      await transaction.send({ topic, messages: [{ value }] });
      await plain.send({ topic, messages: [{ value: `beside ${value}` }] });
      await transaction[end]();
    }
    await plain.send({ topic, messages: [{ value: 'last' }] });
    expect(await values(4)).to.deep.equal(['beside aborted', 'committed', 'beside committed', 'last']);
  });
});
