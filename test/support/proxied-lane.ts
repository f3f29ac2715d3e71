/** A lane whose clients and processor talk to a Kafka of their own through a proxy that can disturb them. */
import { expect } from 'chai';
import { anyFreePort } from '../../dev/local-stack/ports.ts';
import { namesOf } from '../../platform/names.ts';
import type { Counts } from './checker.ts';
import { type Lane, openLane } from './fault-lane.ts';
import { type Fate, type KafkaProxy, type MetRequest, startKafkaProxy } from './kafka-proxy.ts';
import { type OwnKafka, startOwnKafka } from './own-kafka.ts';
import type { ProcessorProcess } from './processor-process.ts';
import { servers } from './servers.ts';
import { until } from './services.ts';

export interface ProxiedLane {
  lane: Lane;
  kafka: OwnKafka;
  proxy: KafkaProxy;
  processor: ProcessorProcess;
  /** Decides about the next append of events. */
  meetAppend(fate: Fate): Promise<MetRequest>;
  /** Waits until another batch of events has been appended. */
  logGoesOn(): Promise<void>;
  /**
   * Disturbs what clients and processor send, and checks the log when everything is decided: the processor must have
   * lived through it, and its metrics must show every void record. Tells how many of those it made.
   */
  underLoad(disturb: () => Promise<void>): Promise<{ counts: Counts; madeVoid: number }>;
  close(): Promise<void>;
}

/** Longer than a request waits for its answer. */
const GOES_ON_WITHIN_MS = 40_000;

export async function openProxiedLane(seed: number): Promise<ProxiedLane> {
  const port = await anyFreePort();
  const proxy = await startKafkaProxy(port);
  const kafka = await startOwnKafka(port, proxy.port);
  const lane = await openLane(await servers({ partitions: 1, kafka: [`127.0.0.1:${proxy.port}`] }), seed);
  const processor = await lane.startProcessor();
  await processor.ready();
  let voidBefore = 0;
  return {
    lane,
    kafka,
    proxy,
    processor,
    meetAppend: (fate) => proxy.meet(namesOf(lane.config.namespace).topics.events, fate),
    async logGoesOn() {
      const end = await lane.logEnd();
      await until('the log goes on', async () => (await lane.logEnd()) > end, GOES_ON_WITHIN_MS);
    },
    async underLoad(disturb) {
      const finishSending = lane.keepSending();
      try {
        await disturb();
      } finally {
        await processor.whileRuns(finishSending());
      }
      const counts = await lane.check();
      expect(await processor.counted('sales_events_void_total'), 'counted as void').to.be.at.least(counts.void);
      const madeVoid = counts.void - voidBefore;
      voidBefore = counts.void;
      return { counts, madeVoid };
    },
    async close() {
      await lane.close();
      await proxy.close();
      await kafka.remove();
    },
  };
}
