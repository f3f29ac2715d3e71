/** The projection worker: reads its partitions of the log and keeps tables and live window level with them. */
import type { Redis } from 'ioredis';
import type { Kafka } from 'kafkajs';
import type pg from 'pg';
import type { Config } from '../../platform/config.ts';
import { isKafkaAway } from '../../platform/kafka/client.ts';
import { consumePartitions, type PartitionConsumer } from '../../platform/kafka/consume.ts';
import { openLogRanges } from '../../platform/kafka/log-ranges.ts';
import type { PartitionRange } from '../../platform/kafka/offsets.ts';
import { LiveWindowWriter } from '../../platform/live-window/live-window.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Registry } from '../../platform/metrics.ts';
import { namesOf } from '../../platform/names.ts';
import { isConnectionLost } from '../../platform/postgres/index.ts';
import type { Codec } from '../../platform/registry/codec.ts';
import { retry } from '../../platform/retry.ts';
import { projections } from '../catalogue.ts';
import { liveWindow as windowProjection } from '../live.ts';
import { decodeSlices, type RawSlice } from '../log-slice.ts';
import { outdatedProjections } from '../operator/names.ts';
import { loadLacking } from '../parked.ts';
import { type Positions, ReadModels } from '../read-models.ts';
import { dayIn } from '../time.ts';
import { Alarms } from './alarms.ts';
import { announce } from './announce.ts';
import { type Applier, applyBatch, reload } from './apply.ts';
import { LagWatch } from './lag.ts';
import { LiveWindowKeeper } from './live-keeper.ts';
import { addGauges, createWorkerMeters } from './metrics.ts';
import { checkPartitionCount } from './partition-count.ts';
import { RecordQueue } from './queue.ts';
import { refoldFromLog } from './refold.ts';
import { regularly } from './regularly.ts';

const BATCH = { records: 5000, bytes: 8 * 1024 * 1024 };
/** A batch costs a request to Kafka and to Redis, and two to Postgres, whatever its size. */
const PACE_MS = 12;

export interface ProjectionWorker {
  /** True once partitions were assigned and their checkpoints loaded. */
  isReady(): boolean;
  metrics: Registry;
  stop(): Promise<void>;
}

export interface WorkerOptions {
  config: Pick<Config, 'namespace' | 'storeTimeZone' | 'partitions'>;
  kafka: Kafka;
  pool: pg.Pool;
  redis: Redis;
  codec: Pick<Codec, 'learn' | 'decode'>;
  logger: Logger;
  /** The worker cannot go on and has stopped applying. End the process. */
  onFailure(error: unknown): void;
  /** Milliseconds since 1970 UTC. */
  now?(): number;
}

export async function startProjections(options: WorkerOptions): Promise<ProjectionWorker> {
  const { config, kafka, pool, redis, codec, logger, onFailure, now = Date.now } = options;
  const names = namesOf(config.namespace);
  const topic = names.topics.events;
  const schema = names.postgres.read;
  const storeDay = dayIn(config.storeTimeZone);
  const decode = (slices: readonly RawSlice[]) => decodeSlices(codec, storeDay, slices);
  const meters = createWorkerMeters();
  const readModels = new ReadModels(pool, schema, projections);
  const alarms = new Alarms({ pool, schema, logger });
  const isAcceptedLoss = readModels.isAcceptedLoss.bind(readModels);
  const liveWindow = new LiveWindowKeeper({
    writer: new LiveWindowWriter(redis, names.redisPrefix),
    refold: refoldFromLog({ kafka, topic, logger, decode, isAcceptedLoss, now }),
    lacking: (generation) => loadLacking(pool, { projection: windowProjection, schema, generation }),
    logger,
    now,
    onRebuilt: meters.windowRebuilt,
  });
  const outdated = await outdatedProjections(pool, schema);
  if (outdated.length > 0)
    logger.warn({ projections: outdated }, 'other code made the tables of these projections: they are left alone');
  const ranges = openLogRanges(kafka, topic);

  let consumer: PartitionConsumer | undefined;
  const queue = new RecordQueue((partition, paused) => consumer?.[paused ? 'pause' : 'resume'](topic, partition));
  const owned = new Set<number>();
  const lag = new LagWatch(readModels, now);
  const stopping = new AbortController();
  let ready = false;

  // Whatever reads or moves checkpoints and fences happens one after the other.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = last.then(work);
    last = turn.catch(() => {});
    return turn;
  };

  function onHalted(partition: number, error: Error): void {
    if (!owned.has(partition)) return;
    queue.drop(partition);
    alarms.raise(partition, error);
  }

  /** Those of the partitions that have come to the end of the log that they know. */
  function atEnd(partitions: readonly number[], ends: ReadonlyMap<number, PartitionRange>): number[] {
    return partitions.filter((partition) => {
      const position = readModels.position(partition);
      const isKnown = alarms.isRead(partition) || readModels.start(partition) === position;
      return isKnown && position === ends.get(partition)?.high;
    });
  }

  /** Where to begin in the partitions that the tables have. */
  async function takeOver(partitions: readonly number[]): Promise<Positions> {
    const ends = await ranges.read();
    await checkPartitionCount(pool, schema, { topic, found: ends.size, wanted: config.partitions });
    const known = partitions.filter((partition) => partition < config.partitions);
    const positions = await readModels.load(known);
    await alarms.adopt(known);
    return positions;
  }

  function leave(partitions: readonly number[]): void {
    alarms.leave(partitions);
    for (const partition of partitions) {
      owned.delete(partition);
      lag.disown(partition);
      queue.drop(partition);
      liveWindow.disown(partition);
    }
  }

  consumer = await consumePartitions({
    kafka,
    logger,
    groupId: names.groups.projections,
    topics: [topic],
    paceMs: PACE_MS,
    onFailure,
    onHalted,
    onGoingOn: (partition) => void alarms.halted.delete(partition),
    restartAt: (_, partition) => readModels.start(partition),
    isAcceptedLoss,
    keepsAll: true,
    onAssigned: (partitions) =>
      inTurn(async () => {
        // An assignment that was over before it was taken over left what it had.
        leave([...owned].filter((partition) => !partitions.includes(partition)));
        const positions = await retry(() => takeOver(partitions), {
          when: (error) => isConnectionLost(error) || isKafkaAway(error),
          onRetry: (error) => logger.warn({ err: error }, 'Postgres or Kafka does not answer; waiting for it'),
          signal: stopping.signal,
        });
        for (const partition of positions.keys()) {
          owned.add(partition);
          lag.own(partition);
          queue.drop(partition);
          liveWindow.own(partition, readModels.windows(partition));
        }
        await liveWindow.check();
        ready = true;
        logger.info({ positions: Object.fromEntries(positions) }, 'partitions assigned');
        return [...positions.keys()].map((partition) => ({ topic, partition, offset: readModels.start(partition) }));
      }),
    onRevoked: leave,
    onRecords: (_, partition, records) => queue.push(partition, records),
    committable: () => [...owned].map((partition) => ({ topic, partition, offset: readModels.position(partition) })),
  });

  const applier: Applier = {
    readModels,
    liveWindow,
    decode,
    owned,
    halted: alarms.halted,
    meters,
    logger,
    signal: stopping.signal,
    onHalted: (partition, error) => consumer?.halt(topic, partition, error),
    announce: (positions) => announce(pool, names.notifyChannel, positions, logger),
    onSetBack(partition, offset) {
      if (queue.setBack(partition, offset)) {
        logger.debug({ partition, offset }, 'taking records from memory again, from the lowest checkpoint');
        return;
      }
      logger.warn({ partition, offset }, 'reading the log again from the lowest checkpoint');
      queue.drop(partition);
      consumer?.seek({ topic, partition, offset });
    },
  };

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      await queue.filled();
      // The partitions of one fetch arrive one after the other: one transaction for all of them.
      await new Promise(setImmediate);
      const batch = queue.take(BATCH.records, BATCH.bytes);
      if (batch.length === 0) continue;
      const { read, moved } = await inTurn(() => applyBatch(applier, batch));
      alarms.noteRead(read);
      await alarms.end(moved);
    }
  }

  /** Other generations may be kept level now, and a window may have been lost. */
  async function check(): Promise<void> {
    if (await readModels.isOutdated().catch(() => false)) await inTurn(() => reload(applier));
    // A Redis that hangs must not hold up the turn: it is asked outside of it first.
    const found = await liveWindow.look();
    if (found === 'away') return;
    await inTurn(async () => {
      // Who went on with what it no longer owns must not put an older window in place of the new owner's.
      if (found === 'ahead') await reload(applier);
      await liveWindow.check();
    });
  }

  /** Looks where the log ends. What was committed proves that a partition goes on; or that it has come to that end. */
  async function look(): Promise<void> {
    const ends = await ranges.read();
    lag.look(ends);
    await alarms.settle();
    await alarms.end(atEnd(alarms.unproven, ends));
  }

  addGauges(meters.registry, {
    partitions: () =>
      [...owned].map((partition) => ({ partition, ...lag.of(partition), isHalted: alarms.has(partition) })),
    parked: readModels.parked,
    windowsNotWhole: () => liveWindow.notWhole,
  });

  const running = run().catch((error) => {
    if (!stopping.signal.aborted) onFailure(error);
  });
  const checking = regularly(check, stopping.signal, logger);
  void regularly(look, stopping.signal, logger);

  return {
    isReady: () => ready,
    metrics: meters.registry,
    async stop() {
      stopping.abort();
      queue.wake();
      await running;
      await checking;
      await consumer?.stop();
      await liveWindow.settled();
      await ranges.close();
    },
  };
}
