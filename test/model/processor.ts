/** One processor that owns one partition: the real owner, with all its servers simulated. */
import type { Redis } from 'ioredis';
import type { Owner, OwnerOptions } from '../../commands/processor/owner.ts';
import { createPartitioner } from '../../platform/kafka/partitioner.ts';
import { createLogger } from '../../platform/logger.ts';
import type { TopicName } from './broker.ts';
import { Feed } from './feed.ts';
import { codecOf, type Version } from './versions.ts';
import type { World } from './world.ts';

/** What {@link Owner} gets to see when a request's outcome is unknown, by server. */
const timedOut = {
  kafka: () => Object.assign(new Error('Request timed out'), { name: 'KafkaJSRequestTimeoutError' }),
  postgres: () => new Error('Connection terminated unexpectedly'),
};
const logger = createLogger('model', 'silent');
const FLUSH_INTERVAL_MS = 100;

export class Processor {
  readonly #world: World;
  readonly #version: Version;
  readonly #partition: number;
  readonly #feeds: Record<'commands' | 'events', Feed>;
  readonly #stopping = new AbortController();
  /** What the process would do if it were not frozen. */
  #held: (() => void)[] | undefined;
  #alive = true;
  #owner: Owner | undefined;

  constructor(world: World, version: Version, partition: number) {
    this.#world = world;
    this.#version = version;
    this.#partition = partition;
    const feed = (topic: TopicName, deliver: Feed['deliver']) =>
      new Feed(world, world.broker.log(topic, partition), deliver, (run) => this.#whenRunning(run));
    this.#feeds = {
      commands: feed('commands', (records) => this.#owner?.onCommands(records)),
      events: feed('events', (records) => this.#owner?.onEvents(records)),
    };
    void this.#open();
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** kill -9. What it has sent is under way all the same. */
  kill(): void {
    this.#alive = false;
    this.#feeds.commands.close();
    this.#feeds.events.close();
    // Nothing it does is seen any more; this ends its loop.
    void this.#owner?.stop();
  }

  /** SIGSTOP. */
  freeze(): void {
    this.#held ??= [];
  }

  /** SIGCONT. */
  thaw(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const run of held) this.#whenRunning(run);
  }

  /** Ends in order, as on SIGTERM or when the partition is given to another process. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#owner?.stop();
    this.kill();
  }

  async #open(): Promise<void> {
    const owner = await this.#version.Owner.open(this.#options(), this.#stopping.signal).catch((error) => {
      if (!this.#stopping.signal.aborted) this.#world.failures.push(error);
      return undefined;
    });
    if (!owner || this.#stopping.signal.aborted) return owner?.stop();
    this.#owner = owner;
    const { commands, events } = owner.positions();
    this.#feeds.commands.seek(commands);
    this.#feeds.events.seek(events);
    this.#flushSoon();
  }

  #flushSoon(): void {
    this.#world.clock.after(FLUSH_INTERVAL_MS, () => {
      if (!this.#alive) return;
      if (!this.#held) this.#owner?.flush();
      this.#flushSoon();
    });
  }

  #options(): OwnerOptions {
    const world = this.#world;
    const partition = this.#partition;
    const { broker, network, store } = world;
    const events = broker.log('events', partition);
    const rows = store.readAgo(() => (network.isStale() ? 1 + world.random.below(3) : 0));
    const kafka = <T>(serve: () => T) => this.#request(serve, timedOut.kafka);
    const postgres = <T>(serve: () => T) => this.#request(serve, timedOut.postgres);
    const registryAway = () => new this.#version.RegistryAwayError('no answer');
    const redis = {
      publish: async (_: string, text: string) => this.#whenRunning(() => world.publish(text)),
    } as unknown as Redis;
    return {
      partition,
      logger,
      metrics: world.metrics,
      codec: codecOf(this.#version, () => this.#request(() => {}, registryAway)),
      partitionOf: createPartitioner(world.partitions),
      store: {
        checkpoint: (...request) => postgres(() => rows.checkpoint(...request)),
        load: (...request) => postgres(() => rows.load(...request)),
        flush: (...request) => postgres(() => rows.flush(...request)),
      },
      append: (batch) => kafka(() => broker.append('events', partition, batch)),
      logEnd: () => kafka(() => (network.isStale() ? world.random.below(events.end + 1) : events.end)),
      park: (record) => kafka(() => void broker.append('rejected', partition, [record])),
      seek: (topic, offset) => this.#feeds[topic].seek(offset),
      throttle: (topic, paused) => this.#feeds[topic].pause(paused),
      answer: this.#version.createReplier(redis, 'model:', partition, logger),
      onFailure: (error) =>
        this.#whenRunning(() => {
          world.failures.push(error);
          this.kill();
        }),
    };
  }

  #request<T>(serve: () => T, timedOut: () => Error): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#whenRunning(() =>
        this.#world.network.request(serve, timedOut).then(
          (result) => this.#whenRunning(() => resolve(result)),
          (error) => this.#whenRunning(() => reject(error)),
        ),
      );
    });
  }

  #whenRunning(run: () => void): void {
    if (!this.#alive) return;
    if (this.#held) this.#held.push(run);
    else run();
  }
}
