import type { LiveWindowWriter } from '../../platform/live-window/live-window.ts';
import type { Logger } from '../../platform/logger.ts';
import { LiveFold } from '../live.ts';
import type { LogSlice } from '../log-slice.ts';

/**
 * Folds the window of each partition (by number) anew from the log, up to the given offset, without what it lacks
 * ("partition:offset").
 */
export type Refold = (ends: ReadonlyMap<number, number>, lacking: ReadonlySet<string>) => Promise<LiveFold[]>;

export interface KeeperOptions {
  writer: LiveWindowWriter;
  refold: Refold;
  /** The events that a generation does without, parked or discarded. */
  lacking(generation: number): Promise<ReadonlySet<string>>;
  logger: Logger;
  now: () => number;
  /** Windows of one generation were folded anew, which took so long. */
  onRebuilt(ms: number): void;
}

interface Kept {
  generation: number;
  partition: number;
  /** Up to where the window ought to reach: what Postgres has committed. */
  next: number;
  /** `unverified`: what Redis holds is not known. Only a window that is `following` is written to batch by batch. */
  standing: 'unverified' | 'following' | 'rebuilding';
  /** What was committed while the window was being rebuilt. */
  pending: LiveFold;
}

/**
 * Keeps the live windows of each owned partition, one a generation, level with Postgres. A window that does not stand where it should
 * (flushed, restored from an old snapshot, or Postgres went back) is folded anew from the log beside the running work.
 * Nothing here throws: Redis is disposable, and figures in Postgres never wait for it.
 */
export class LiveWindowKeeper {
  readonly #writer: LiveWindowWriter;
  readonly #refold: Refold;
  readonly #lacking: KeeperOptions['lacking'];
  readonly #logger: Logger;
  readonly #now: () => number;
  readonly #onRebuilt: (ms: number) => void;
  #kept: Kept[] = [];
  #rebuilding: Promise<void> = Promise.resolve();

  constructor(options: KeeperOptions) {
    this.#writer = options.writer;
    this.#refold = options.refold;
    this.#lacking = options.lacking;
    this.#logger = options.logger;
    this.#now = options.now;
    this.#onRebuilt = options.onRebuilt;
  }

  /** How many windows are not known to be level with Postgres. */
  get notWhole(): number {
    return this.#kept.filter(({ standing }) => standing !== 'following').length;
  }

  /**
   * Takes over a partition whose tables reach up to `next` of each generation; {@link check} then sees to its windows.
   * One that is known to reach as far stays as it is, also when it is being rebuilt.
   */
  own(partition: number, next: ReadonlyMap<number, number>): void {
    const before = this.#kept.filter((kept) => kept.partition === partition);
    this.disown(partition);
    for (const [generation, offset] of next) {
      const known = before.find((kept) => kept.generation === generation && kept.next === offset);
      const pending = new LiveFold(partition, offset);
      this.#kept.push(known ?? { generation, partition, next: offset, standing: 'unverified', pending });
    }
  }

  disown(partition: number): void {
    this.#kept = this.#kept.filter((kept) => kept.partition !== partition);
  }

  /** Adds committed slices to their windows, all in one round trip. */
  async apply(slices: readonly LogSlice[]): Promise<void> {
    await Promise.all(
      slices.flatMap((slice) =>
        this.#kept
          .filter(({ partition, next }) => partition === slice.partition && slice.to > next)
          .map((kept) => this.#apply(kept, slice)),
      ),
    );
  }

  async #apply(kept: Kept, { from, to, records }: LogSlice): Promise<void> {
    const delta = new LiveFold(kept.partition, kept.next);
    if (kept.standing === 'rebuilding') kept.pending.add(records, to);
    else delta.add(records, to);
    const gap = from > kept.next;
    kept.next = to;
    if (kept.standing === 'following' && (gap || !(await this.#follow(kept, delta)))) kept.standing = 'unverified';
  }

  /**
   * Compares all fences with where they should be and begins to rebuild the windows that differ. Must not run while
   * {@link apply} does.
   */
  async check(): Promise<void> {
    const settled = this.#kept.filter(({ standing }) => standing !== 'rebuilding');
    let fences: (number | null)[];
    try {
      fences = await this.#writer.fences(settled);
    } catch (error) {
      this.#logger.warn({ err: error }, 'Redis does not answer; the live window stands still');
      for (const kept of settled) kept.standing = 'unverified';
      return;
    }
    const observed = new Map<Kept, number | null>();
    settled.forEach((kept, index) => {
      const fence = fences[index] ?? null;
      if (fence === kept.next) {
        kept.standing = 'following';
      } else {
        kept.standing = 'rebuilding';
        kept.pending = new LiveFold(kept.partition, kept.next);
        observed.set(kept, fence);
      }
    });
    for (const generation of new Set([...observed.keys()].map((kept) => kept.generation))) {
      const own = new Map([...observed].filter(([kept]) => kept.generation === generation));
      this.#rebuilding = Promise.all([this.#rebuilding, this.#rebuild(generation, own)]).then(() => {});
    }
  }

  /**
   * Looks at the fences without waiting its turn. `ahead`: one stands where only another worker can have put it, or
   * Postgres went back; the checkpoints tell which.
   */
  async look(): Promise<'away' | 'ahead' | 'level or behind'> {
    const kept = this.#kept.filter(({ standing }) => standing !== 'rebuilding');
    const fences = await this.#writer.fences(kept).catch(() => undefined);
    if (!fences) return 'away';
    return kept.some(({ next }, index) => (fences[index] ?? 0) > next) ? 'ahead' : 'level or behind';
  }

  /** Resolves when no window is being rebuilt. */
  async settled(): Promise<void> {
    await this.#rebuilding;
  }

  async #rebuild(generation: number, observed: ReadonlyMap<Kept, number | null>): Promise<void> {
    const started = this.#now();
    const partitions = [...observed.keys()].map(({ partition }) => partition);
    try {
      const lacking = await this.#lacking(generation);
      const ends = new Map([...observed.keys()].map(({ partition, next }) => [partition, next]));
      const folds = await this.#refold(ends, lacking);
      const byPartition = new Map(folds.map((fold) => [fold.partition, fold]));
      for (const [kept, fence] of observed) {
        const fold = byPartition.get(kept.partition);
        if (fold) await this.#putInPlace(kept, fold, fence);
      }
      await this.#retractUnless(lacking, generation, partitions);
      const ms = this.#now() - started;
      this.#onRebuilt(ms);
      this.#logger.info({ partitions, ms }, 'live window rebuilt from the log');
    } catch (error) {
      this.#logger.warn({ err: error, partitions }, 'live window not rebuilt; trying again');
    } finally {
      for (const kept of observed.keys()) if (kept.standing === 'rebuilding') kept.standing = 'unverified';
    }
  }

  /**
   * An event that was let in while windows were folded without it is in none of them: they are folded once more. So they
   * are when nobody can tell.
   */
  async #retractUnless(lacking: ReadonlySet<string>, generation: number, partitions: readonly number[]): Promise<void> {
    const now = await this.#lacking(generation).catch(() => new Set<string>());
    if ([...lacking].every((place) => now.has(place))) return;
    for (const partition of partitions) await this.#writer.invalidate(generation, partition);
  }

  async #putInPlace(kept: Kept, fold: LiveFold, observed: number | null): Promise<void> {
    if (!this.#kept.includes(kept)) return;
    if (!(await this.#writer.replace(kept.generation, fold, observed, this.#now()))) return;
    while (kept.pending.to > kept.pending.from) {
      const caughtUp = kept.pending;
      kept.pending = new LiveFold(kept.partition, caughtUp.to);
      if (!(await this.#follow(kept, caughtUp))) return;
    }
    kept.standing = 'following';
  }

  async #follow({ generation }: Kept, delta: LiveFold): Promise<boolean> {
    try {
      return await this.#writer.follow(generation, delta, this.#now());
    } catch (error) {
      this.#logger.warn({ err: error, partition: delta.partition }, 'live window not written; it will be rebuilt');
      return false;
    }
  }
}
