/** What may happen to the log of a bench, and what there is to see of it. */
import { expect } from 'chai';
import { Partitioners } from 'kafkajs';
import { createTopics } from '../../dev/topics.ts';
import { createKafka, withAdmin } from '../../platform/kafka/client.ts';
import { readRange } from '../../platform/kafka/read.ts';
import { createLogger } from '../../platform/logger.ts';
import { namesOf } from '../../platform/names.ts';
import { type Halt, listHalts } from '../../projections/halts.ts';
import { everything } from '../../projections/operator/names.ts';
import { operate } from './operator.ts';
import { type Bench, checkpointsOf } from './projection-worker.ts';
import { salesCommand } from './sales-command.ts';
import { settingsOf, until } from './services.ts';

const SEEN_WITHIN_MS = 20_000;

const topicOf = ({ config }: Bench) => namesOf(config.namespace).topics.events;

/** Deletes the records of a partition below an offset. */
export function deleteBelow(bench: Bench, partition: number, offset: number): Promise<void> {
  const topic = topicOf(bench);
  return withAdmin(createKafka(bench.config, 'test'), async (admin) => {
    // kafkajs looks nothing up for a deletion.
    await admin.fetchTopicMetadata({ topics: [topic] });
    await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(offset) }] });
  });
}

export async function deleteTopic(bench: Bench): Promise<void> {
  const topic = topicOf(bench);
  await withAdmin(createKafka(bench.config, 'test'), async (admin) => {
    await admin.deleteTopics({ topics: [topic] });
    await until('the topic is gone', async () => !(await admin.listTopics()).includes(topic));
  });
}

/** Creates the topic anew, empty. */
export async function createTopic(bench: Bench): Promise<void> {
  await createTopics(bench.config, namesOf(bench.config.namespace).topics);
  await bench.log.startAnew();
}

export type Copy = ReadonlyMap<number, { key: Buffer | null; value: Buffer | null }[]>;

/** All records of the log as they are, like a mirror. */
export async function copyLog(bench: Bench): Promise<Copy> {
  const copy = new Map<number, { key: Buffer | null; value: Buffer | null }[]>();
  await readRange({
    kafka: createKafka(bench.config, 'test'),
    logger: createLogger('test', 'silent'),
    topic: topicOf(bench),
    from: new Map(),
    to: await bench.log.ends(),
    onRecords: (partition, records) => {
      const copied = copy.get(partition) ?? [];
      copied.push(...records.map(({ key, value }) => ({ key, value })));
      copy.set(partition, copied);
    },
  });
  return copy;
}

/** Writes a copy to the topic, which is empty. */
export async function restoreLog(bench: Bench, copy: Copy): Promise<void> {
  const producer = createKafka(bench.config, 'test').producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  for (const [partition, records] of copy) {
    await producer.send({ topic: topicOf(bench), messages: records.map((record) => ({ ...record, partition })) });
  }
  await producer.disconnect();
  await bench.log.startAnew();
}

/**
 * A transaction of somebody else: one record that is no event, and the marker that ends it, which is at no reader's. Kafka
 * says that a transaction has ended before its marker is in the log: whatever is appended next might come first.
 */
export async function writeTransaction(
  bench: Bench,
  partition: number,
  end: 'commit' | 'abort' = 'commit',
): Promise<void> {
  const start = (await bench.log.ends()).get(partition) ?? 0;
  const producer = createKafka(bench.config, 'test').producer({
    createPartitioner: Partitioners.DefaultPartitioner,
    transactionalId: `${bench.config.namespace}-test`,
    maxInFlightRequests: 1,
    idempotent: true,
  });
  await producer.connect();
  const transaction = await producer.transaction();
  await transaction.send({ topic: topicOf(bench), messages: [{ partition, value: 'no event' }] });
  await transaction[end]();
  await producer.disconnect();
  await until('the marker is in the log', async () => (await bench.log.ends()).get(partition) === start + 2);
  await bench.log.startAnew();
}

/** Waits until exactly these partitions have halted, and `sales projection status` says so. */
export async function untilHalted(bench: Bench, partitions: readonly number[]): Promise<Halt[]> {
  let halts: Halt[] = [];
  await until(
    `partitions ${partitions.join()} halt`,
    async () => {
      halts = await listHalts(bench.pool, bench.schema);
      return String(halts.map(({ partition }) => partition)) === String(partitions);
    },
    SEEN_WITHIN_MS,
  );
  return halts;
}

/** The halts as `sales projection status --json` shows them. */
export async function shownHalts({ config }: Bench): Promise<Halt[]> {
  const { code, stdout } = await salesCommand(['projection', 'status', '--json'], { env: settingsOf(config) });
  // Something is not as it should be.
  expect(code).to.equal(3);
  return JSON.parse(stdout).halts;
}

/** Waits until partitions have all of the log. */
export function untilLevel(bench: Bench, partitions: readonly number[]): Promise<void> {
  return until(
    `partitions ${partitions.join()} are level with the log`,
    async () => {
      const ends = await bench.log.ends();
      const checkpoints = await checkpointsOf(bench);
      return partitions.every((partition) => checkpoints.get(partition) === ends.get(partition));
    },
    SEEN_WITHIN_MS,
  );
}

/** Accepts what a partition has lost, and waits until it goes on. Resolves to the outcome. */
export async function acceptLoss(bench: Bench, partition: number): Promise<Record<string, unknown>> {
  const { status, outcome } = await operate(bench, 'accept-loss', { partition, reason: `lost ${partition}` });
  expect(status, JSON.stringify(outcome)).to.equal('done');
  await until(
    `partition ${partition} goes on`,
    async () => (await listHalts(bench.pool, bench.schema)).every((halt) => halt.partition !== partition),
    SEEN_WITHIN_MS,
  );
  return outcome ?? {};
}

export async function acceptedLosses({ pool, schema }: Bench): Promise<Record<string, unknown>[]> {
  const query = `select partition, lost_from, lost_to, reason from ${schema}.accepted_losses order by id`;
  return (await pool.query(query)).rows;
}

/** Everything is as the log has it, once it is folded from its start. */
export async function expectEqualOnceRebuilt(bench: Bench): Promise<void> {
  const projections = everything.map(({ name }) => name);
  const { outcome } = await operate(bench, 'rebuild', { projections });
  expect(outcome).to.deep.include({ promoted: true });
  await bench.caughtUp();
  await bench.expectEqualToLog();
}
