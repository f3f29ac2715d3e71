import { expect } from 'chai';
import { Partitioners } from 'kafkajs';
import { createTopics } from '../../dev/topics.ts';
import { createKafka } from '../../platform/kafka/client.ts';
import { consumePartitions, type PartitionConsumer } from '../../platform/kafka/consume.ts';
import { createLogger } from '../../platform/logger.ts';
import { namesOf } from '../../platform/names.ts';
import { dropNamespace, servers } from '../support/servers.ts';
import { until } from '../support/services.ts';

const ALL = [0, 1, 2, 3];

describe('a consumer whose partitions are shared out anew', function () {
  this.timeout(60_000);
  let config: Awaited<ReturnType<typeof servers>>;
  const consumers: PartitionConsumer[] = [];

  before(async () => {
    config = await servers({ partitions: ALL.length });
    await createTopics(config, namesOf(config.namespace).topics);
  });

  after(async () => {
    for (const consumer of consumers) await consumer.stop();
    if (config) await dropNamespace(config);
  });

  async function start(told: string[], taking: (partitions: number[]) => Promise<void>): Promise<void> {
    const topic = namesOf(config.namespace).topics.events;
    const consumer = await consumePartitions({
      kafka: createKafka(config, 'test'),
      logger: createLogger('test', 'silent'),
      groupId: `${topic}.shared`,
      topics: [topic],
      async onAssigned(partitions) {
        told.push(`takes ${partitions.sort()}`);
        await taking(partitions);
        told.push(`has ${partitions}`);
        return partitions.map((partition) => ({ topic, partition, offset: 0 }));
      },
      onRevoked: (partitions) => void told.push(`leaves ${partitions.sort()}`),
      onRecords() {},
      onFailure: (error) => void told.push(String(error)),
    });
    consumers.push(consumer);
  }

  it('ends with what its reader throws, and does not go past it', async () => {
    const topic = namesOf(config.namespace).topics.commands;
    const kafka = createKafka(config, 'test');
    const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
    await producer.connect();
    await producer.send({ topic, messages: [{ partition: 0, value: 'first' }] });
    await producer.disconnect();
    const failures: Error[] = [];
    const consumer = await consumePartitions({
      kafka,
      logger: createLogger('test', 'silent'),
      groupId: `${topic}.failing`,
      topics: [topic],
      onAssigned: async (partitions) => partitions.map((partition) => ({ topic, partition, offset: 0 })),
      onRecords: () => {
        throw new Error('no room');
      },
      onFailure: (error) => failures.push(error),
    });
    consumers.push(consumer);
    await until('it fails', () => failures.length > 0);
    expect(failures[0]?.message).to.equal('no room');
  });

  it('leaves all of them at once, and takes the next ones when it has done with the first', async () => {
    const told: string[] = [];
    let goOn = () => {};
    const held = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    await start(told, ({ length }) => (length === ALL.length ? held : Promise.resolve()));
    await until('it takes all', () => told.length === 1);
    const others: string[] = [];
    await start(others, async () => {});
    await until('the other one has its share', () => others.length === 2);
    await until('it is told to leave', () => told.length === 2);
    goOn();
    await until('it has its share', () => told.length === 5);
    const share = told[3]?.slice('takes '.length);
    expect(told).to.deep.equal([`takes ${ALL}`, `leaves ${ALL}`, `has ${ALL}`, `takes ${share}`, `has ${share}`]);
    expect(share?.split(',')).to.have.length(2);
  });
});
