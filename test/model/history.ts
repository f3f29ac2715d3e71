/** Random histories: what clients send, what happens to the processors meanwhile, and how unreliable the servers are. */
import fc from 'fast-check';
import { Clients, type Placed } from './client.ts';
import { withVirtualTimers } from './clock.ts';
import type { Faults } from './network.ts';
import { type Order, order } from './orders.ts';
import { Processor } from './processor.ts';
import { keptOf, readPartition } from './reader.ts';
import type { Version } from './versions.ts';
import { World } from './world.ts';

/** What happens next, `gap` milliseconds after what happened last. `other`: by the other version of `decide`. */
export type Step = { gap: number } & (
  | { what: 'order'; order: Order }
  /** kill -9, and another start after `back` ms. */
  | { what: 'kill'; partition: number; back: number; other: boolean }
  /** Two own one partition from now on. */
  | { what: 'zombie'; partition: number; other: boolean }
  /** SIGSTOP for `stopped` ms; another one takes over, and the first goes on as a zombie. */
  | { what: 'freeze'; partition: number; stopped: number; other: boolean }
  /** A rebalance or a deployment: the owner ends in order while the next one opens. */
  | { what: 'hand over'; partition: number; other: boolean }
  /** The store loses its last commits. */
  | { what: 'store back'; commits: number }
  /** The store is rebuilt from the log. */
  | { what: 'rebuild' }
  /** Somebody's transaction on the topic of commands ends, and leaves an offset without a record. */
  | { what: 'hole'; partition: number }
);

export interface History {
  /** Decides what the rest leaves to chance: latencies, and which requests meet a fault. */
  seed: number;
  faults: Faults;
  steps: Step[];
}

/** All that the rules look at. */
export interface Told {
  world: World;
  placed: Placed[];
  /** Whether, when all faults had ended, every command was decided and answered, and the store caught up. */
  settled: boolean;
}

const rate = fc.constantFrom(0, 0.02, 0.1, 0.3);
const gap = fc.oneof(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 400 }));
const partition = fc.nat({ max: 1 });
const other = fc.boolean();

const event = fc.oneof(
  fc.record({ what: fc.constant('kill' as const), gap, partition, back: fc.nat({ max: 1500 }), other }),
  fc.record({ what: fc.constant('zombie' as const), gap, partition, other }),
  fc.record({ what: fc.constant('freeze' as const), gap, partition, stopped: fc.nat({ max: 3000 }), other }),
  fc.record({ what: fc.constant('hand over' as const), gap, partition, other }),
  fc.record({ what: fc.constant('store back' as const), gap, commits: fc.integer({ min: 1, max: 20 }) }),
  fc.record({ what: fc.constant('rebuild' as const), gap }),
  fc.record({ what: fc.constant('hole' as const), gap, partition }),
);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ what: fc.constant('order' as const), gap, order }) },
  { weight: 1, arbitrary: event },
);

export const history: fc.Arbitrary<History> = fc.record({
  seed: fc.nat(),
  faults: fc.record({ requestLost: rate, answerLost: rate, late: rate, doubled: rate, stale: rate }),
  steps: fc.array(step, { minLength: 1, maxLength: 40, size: 'max' }),
});

/** How late the latest request or answer arrives, in virtual ms. */
const LATEST_MS = 9000;
/** How long a command may take at most once all goes well, in virtual ms. */
const SETTLES_WITHIN_MS = 120_000;

/** Lets a history happen. `versions`: this one and the other. */
export async function play({ seed, faults, steps }: History, versions: readonly [Version, Version]): Promise<Told> {
  const world = new World(seed, faults);
  return withVirtualTimers(world.clock, () => new Play(world, versions).run(steps));
}

class Play {
  readonly #world: World;
  readonly #versions: readonly [Version, Version];
  readonly #clients: Clients;
  /** By partition, the newest last. */
  readonly #processors: Processor[][];

  constructor(world: World, versions: readonly [Version, Version]) {
    this.#world = world;
    this.#versions = versions;
    this.#clients = new Clients(world);
    this.#processors = Array.from({ length: world.partitions }, () => []);
  }

  async run(steps: readonly Step[]): Promise<Told> {
    const world = this.#world;
    const { clock } = world;
    for (const partition of this.#processors.keys()) this.#start(partition, false);
    for (const step of steps) {
      await clock.runUntil(() => false, step.gap);
      this.#do(step);
    }
    const settled = await this.#settle();
    return { world, placed: this.#clients.placed, settled };
  }

  #do(step: Step): void {
    const { store, broker, clock } = this.#world;
    switch (step.what) {
      case 'order':
        void this.#clients.place(step.order);
        break;
      case 'kill':
        this.#newest(step.partition)?.kill();
        clock.after(step.back, () => this.#start(step.partition, step.other));
        break;
      case 'zombie':
        this.#start(step.partition, step.other);
        break;
      case 'freeze': {
        const frozen = this.#newest(step.partition);
        frozen?.freeze();
        this.#start(step.partition, step.other);
        clock.after(step.stopped, () => frozen?.thaw());
        break;
      }
      case 'hand over':
        void this.#newest(step.partition)?.stop();
        this.#start(step.partition, step.other);
        break;
      case 'store back':
        store.goBack(step.commits);
        break;
      case 'rebuild':
        store.rebuild(this.#world.partitions, (partition) => {
          const { events, lastCommand } = keptOf(readPartition(this.#world, partition));
          return { events, lastCommand, nextOffset: broker.log('events', partition).end };
        });
        break;
      case 'hole':
        broker.skip('commands', step.partition);
        break;
    }
  }

  /** Faults cease: one owner a partition is left, and everything gets decided. Then all is asked for once more. */
  async #settle(): Promise<boolean> {
    const { clock, network } = this.#world;
    network.heal();
    await clock.runUntil(() => false, LATEST_MS);
    for (const [partition, processors] of this.#processors.entries()) {
      for (const processor of processors) processor.thaw();
      const newest = this.#newest(partition);
      for (const processor of processors) if (processor !== newest && processor.alive) void processor.stop();
      if (!newest) this.#start(partition, false);
    }
    this.#clients.addLast();
    let answered = 0;
    const answer = async () => {
      await this.#clients.settle(1);
      answered = 1;
      await this.#clients.settle(2);
      answered = 2;
    };
    void answer();
    return clock.runUntil(() => answered === 2 && this.#isCaughtUp(), SETTLES_WITHIN_MS);
  }

  /** Whether the store has all of the log. */
  #isCaughtUp(): boolean {
    const { broker, store } = this.#world;
    return [...this.#processors.keys()].every(
      (partition) => store.kept(partition).checkpoint.nextOffset === broker.log('events', partition).end,
    );
  }

  #newest(partition: number): Processor | undefined {
    return this.#processors[partition]?.filter(({ alive }) => alive).at(-1);
  }

  #start(partition: number, other: boolean): void {
    this.#processors[partition]?.push(new Processor(this.#world, this.#versions[other ? 1 : 0], partition));
  }
}
