/** The write-side store in memory: what Postgres promises of it, and that it may go back, rows and checkpoints together. */
import type { Checkpoint, Store, StoredEvent } from '../../commands/state/store.ts';

export interface Kept {
  checkpoint: Checkpoint;
  events: readonly StoredEvent[];
}

const nothing: Kept = { checkpoint: { generation: 1, nextOffset: 0, lastCommand: undefined }, events: [] };

/** Every state is kept, so that the store can go back to it; the last one is the present. */
export class MemoryStore {
  readonly #states: ReadonlyMap<number, Kept>[] = [new Map()];

  kept(partition: number, ago = 0): Kept {
    return this.#states[Math.max(0, this.#states.length - 1 - ago)]?.get(partition) ?? nothing;
  }

  /** Loses the last commits, as a failover to a replica that was behind does. */
  goBack(commits: number): void {
    this.#states.length = Math.max(1, this.#states.length - commits);
  }

  /** Replaces everything by what was folded from the log anew, as `bin/sales commands rebuild-state` does. */
  rebuild(
    partitions: number,
    fold: (partition: number) => Pick<Kept, 'events'> & Omit<Checkpoint, 'generation'>,
  ): void {
    const after = new Map<number, Kept>();
    for (let partition = 0; partition < partitions; partition += 1) {
      const { events, ...rest } = fold(partition);
      const generation = this.kept(partition).checkpoint.generation + 1;
      after.set(partition, { checkpoint: { ...rest, generation }, events });
    }
    this.#states.push(after);
  }

  /** The store as a processor sees it; `ago` says of each read how many commits it is behind. */
  readAgo(ago: () => number): Synchronous<Store> {
    return {
      checkpoint: (partition) => this.kept(partition, ago()).checkpoint,
      load: (partition, keys) => {
        const { checkpoint, events } = this.kept(partition, ago());
        const { generation, nextOffset } = checkpoint;
        const found = events.flatMap(({ offset, key, bytes }) =>
          key !== null && keys.includes(key) ? [{ key, offset, bytes }] : [],
        );
        return { generation, nextOffset, events: found };
      },
      flush: (partition, expected, next, events) => {
        const { checkpoint, events: before } = this.kept(partition);
        if (checkpoint.nextOffset !== expected || checkpoint.generation !== next.generation) return false;
        const after = { checkpoint: next, events: [...before, ...events] };
        this.#states.push(new Map(this.#states.at(-1)).set(partition, after));
        return true;
      },
    };
  }
}

type Synchronous<T> = {
  [K in keyof T]: T[K] extends (...args: infer A) => Promise<infer R> ? (...args: A) => R : never;
};
