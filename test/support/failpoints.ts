/**
 * Named points around every await of the command processor that matters, at which a test has it die or stop. They wrap
 * the adapters that the processor is given: the product knows nothing of them.
 */
import { writeSync } from 'node:fs';
import type { Redis } from 'ioredis';
import type { Admin, Consumer, Kafka, PartitionAssigner, Producer } from 'kafkajs';
import type { Store } from '../../commands/state/store.ts';
import type { Names } from '../../platform/names.ts';
import type { Codec } from '../../platform/registry/codec.ts';

/** What the processor waits for. */
const steps = [
  /** The group's leader shares the partitions out. */
  'group-assign',
  /** The processor is told which partitions it has. */
  'group-join',
  'store.checkpoint',
  /** Where the partition of the events topic ends. */
  'log-end',
  /** Whether the log still holds the positions to read from. */
  'log-check',
  'seek',
  /** The writer schemas of what was read. */
  'codec.learn',
  'store.load',
  /** A record that is no command, to the topic of rejected ones. */
  'park',
  /** A batch to the events topic. */
  'append',
  'reply',
  'store.flush',
  /** Offsets for tools that show lag. */
  'group-commit',
  /** Out of the group, when it is stopped. */
  'group-leave',
] as const;

type Step = (typeof steps)[number];

/** `after`: it is done, and the processor does not know yet; after `append:seen` it does. */
export type Failpoint = `${Step}:before` | `${Step}:after` | 'append:seen';

export const failpoints: readonly Failpoint[] = [
  ...steps.flatMap((step): Failpoint[] => [`${step}:before`, `${step}:after`]),
  'append:seen',
];

/** Something that is to happen to a processor. */
export interface PlannedFault {
  at: Failpoint;
  /** When the point is reached for the n-th time since the fault before it. */
  hits: number;
  signal: 'SIGKILL' | 'SIGSTOP';
}

export type Reach = (point: Failpoint) => void;

/** Carries a plan out, one fault after the other: names the point in a line on standard output and signals this process. */
export function carryOut(plan: readonly PlannedFault[]): Reach {
  const left = [...plan];
  let hits = 0;
  return (point) => {
    const next = left[0];
    if (next?.at !== point) return;
    hits += 1;
    if (hits < next.hits) return;
    hits = 0;
    left.shift();
    writeSync(1, `${JSON.stringify({ failpoint: point })}\n`);
    process.kill(process.pid, next.signal);
  };
}

export interface Adapters {
  kafka: Kafka;
  codec: Codec;
  store: Store;
  redis: Redis;
}

/** The same adapters, which call `reach` at every failpoint. */
export function withFailpoints({ kafka, codec, store, redis }: Adapters, names: Names, reach: Reach): Adapters {
  function around<A extends unknown[], R>(step: Step, call: (...args: A) => Promise<R>) {
    return async (...args: A): Promise<R> => {
      reach(`${step}:before`);
      const result = await call(...args);
      reach(`${step}:after`);
      return result;
    };
  }

  function producer(real: Producer): Producer {
    const sendBatch: Producer['sendBatch'] = async (batch) => {
      const topics = new Set(batch.topicMessages?.map(({ topic }) => topic));
      const parks = topics.has(names.topics.rejected);
      const appends = topics.has(names.topics.events);
      if (parks) reach('park:before');
      if (appends) reach('append:before');
      const result = await real.sendBatch(batch);
      if (parks) reach('park:after');
      if (appends) reach('append:after');
      if (appends) setImmediate(() => reach('append:seen'));
      return result;
    };
    return { ...real, sendBatch };
  }

  let admins = 0;
  /** The first one is the processor's own, which looks up where the log ends; later ones check positions. */
  function admin(real: Admin): Admin {
    admins += 1;
    return { ...real, fetchTopicOffsets: around(admins === 1 ? 'log-end' : 'log-check', real.fetchTopicOffsets) };
  }

  function consumer(real: Consumer): Consumer {
    const on = (event: string, listener: (event: unknown) => void) => {
      const heard = (payload: unknown) => {
        reach('group-join:before');
        listener(payload);
        reach('group-join:after');
      };
      return (real.on as (event: string, listener: (event: unknown) => void) => () => void)(
        event,
        event === real.events.GROUP_JOIN ? heard : listener,
      );
    };
    const seek: Consumer['seek'] = (position) => {
      reach('seek:before');
      real.seek(position);
      reach('seek:after');
    };
    return {
      ...real,
      on: on as Consumer['on'],
      seek,
      commitOffsets: around('group-commit', real.commitOffsets),
      disconnect: around('group-leave', real.disconnect),
    };
  }

  const assigner =
    (make: PartitionAssigner): PartitionAssigner =>
    (options) => {
      const real = make(options);
      return { ...real, assign: around('group-assign', real.assign) };
    };

  return {
    kafka: changed(kafka, {
      producer: (config) => producer(kafka.producer(config)),
      admin: (config) => admin(kafka.admin(config)),
      consumer: ({ partitionAssigners, ...config }) =>
        consumer(kafka.consumer({ ...config, partitionAssigners: partitionAssigners?.map(assigner) })),
    }),
    codec: { ...codec, learn: around('codec.learn', codec.learn) },
    store: {
      ...store,
      checkpoint: around('store.checkpoint', store.checkpoint),
      load: around('store.load', store.load),
      flush: around('store.flush', store.flush),
    },
    redis: changed(redis, {
      publish: around('reply', (channel: string, message: string) =>
        redis.publish(channel, message),
      ) as Redis['publish'],
    }),
  };
}

/** The same object, with some of its methods replaced. */
function changed<T extends object>(object: T, methods: Partial<T>): T {
  return Object.assign(Object.create(object) as T, methods);
}
