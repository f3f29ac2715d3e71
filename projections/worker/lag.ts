/** How far behind the log a worker's partitions are. */
import type { ReadModels } from '../read-models.ts';

interface Seen {
  /** Since when the partition is owned, ms since 1970 UTC, as all times here. */
  ownedAt: number;
  /** Where the log ended when it was last looked at. */
  end: number | undefined;
  /** When it was last seen to end where the tables do. */
  levelAt: number;
}

export interface Lag {
  /** The lowest next offset of all that is kept level. */
  position: number;
  /** The next offset that will be written to the log; undefined when nobody has looked yet. */
  logEnd: number | undefined;
  lagEvents: number;
  lagSeconds: number;
}

export class LagWatch {
  readonly #readModels: Pick<ReadModels, 'position' | 'recordedAt'>;
  readonly #now: () => number;
  readonly #seen = new Map<number, Seen>();

  constructor(readModels: Pick<ReadModels, 'position' | 'recordedAt'>, now: () => number) {
    this.#readModels = readModels;
    this.#now = now;
  }

  own(partition: number): void {
    if (this.#seen.has(partition)) return;
    this.#seen.set(partition, { ownedAt: this.#now(), end: undefined, levelAt: Number.NEGATIVE_INFINITY });
  }

  disown(partition: number): void {
    this.#seen.delete(partition);
  }

  /** The log of these partitions ends there. Those that are not owned are passed over. */
  look(ends: ReadonlyMap<number, { high: number }>): void {
    for (const [partition, seen] of this.#seen) {
      seen.end = ends.get(partition)?.high;
      if (seen.end !== undefined && this.#readModels.position(partition) >= seen.end) seen.levelAt = this.#now();
    }
  }

  /**
   * Of an owned partition. The oldest record that the tables lack was written after the last one that they have, and
   * after they were last level: the later of the two bounds its age, and an hour in which nothing was sold is no lag.
   */
  of(partition: number): Lag {
    const position = this.#readModels.position(partition);
    const { end, levelAt, ownedAt } = this.#seen.get(partition) ?? {};
    const lagEvents = Math.max(0, (end ?? 0) - position);
    const since = Math.max(levelAt ?? 0, this.#readModels.recordedAt(partition) ?? ownedAt ?? 0);
    const lagSeconds = lagEvents === 0 ? 0 : Math.max(0, this.#now() - since) / 1000;
    return { position, logEnd: end, lagEvents, lagSeconds };
  }
}
