/** What one partition's owner knows of the log: the state of each key, in memory in front of the store. */
import type { Event } from '../../domain/messages.generated.ts';
import { evolve, initialState, type NewEvent, type State } from '../../domain/state.ts';
import type { Codec } from '../../platform/registry/codec.ts';
import type { Checkpoint, Store, StoredEvent } from '../state/store.ts';

/** Somebody else moved this partition's checkpoint: what is in memory can't be trusted, start over from the store. */
export class LostOwnershipError extends Error {
  override name = 'LostOwnershipError';
}

/** States kept in memory besides those that are not flushed yet. */
const CACHED_KEYS = 500;

export class View {
  readonly #partition: number;
  readonly #store: Store;
  readonly #codec: Codec;
  readonly #generation: number;
  /** In order of last use. Keys with events that are not flushed yet are always here. */
  readonly #states = new Map<string, State>();
  #unflushed: StoredEvent[] = [];
  #unflushedBytes = 0;
  #flushing: StoredEvent[] = [];
  /** The checkpoint in the store as this owner last wrote it, and as it is writing it now. */
  #stored: number;
  #writing: number;
  #position: number;
  #lastCommand: Checkpoint['lastCommand'];

  constructor(partition: number, from: Checkpoint, store: Store, codec: Codec) {
    this.#partition = partition;
    this.#store = store;
    this.#codec = codec;
    this.#generation = from.generation;
    this.#stored = from.nextOffset;
    this.#writing = from.nextOffset;
    this.#position = from.nextOffset;
    this.#lastCommand = from.lastCommand;
  }

  /** The end of what was read and folded: where the next event is expected to land. */
  get position(): number {
    return this.#position;
  }

  get lastCommand(): Checkpoint['lastCommand'] {
    return this.#lastCommand;
  }

  /** Events that the store lacks. */
  get unflushed(): number {
    return this.#position - this.#stored;
  }

  /** Bytes of the events that the store lacks. */
  get unflushedBytes(): number {
    return this.#unflushedBytes;
  }

  /**
   * Makes the states of these keys available to {@link stateOf} until the next load. Asks the store even when it has
   * them all, so that nothing is decided on what another owner or a rebuild has replaced. Throws
   * {@link LostOwnershipError}.
   */
  async load(keys: Iterable<string>): Promise<void> {
    this.#evict();
    const missing = [...new Set(keys)].filter((key) => !this.#states.has(key));
    const before = [this.#stored, this.#writing];
    const { generation, nextOffset, events } = await this.#store.load(this.#partition, missing);
    if (generation !== this.#generation) {
      throw new LostOwnershipError(`the state of partition ${this.#partition} was rebuilt`);
    }
    if (![...before, this.#stored, this.#writing].includes(nextOffset)) {
      throw new LostOwnershipError(
        `checkpoint of partition ${this.#partition} moved to ${nextOffset} by another owner`,
      );
    }
    await this.#codec.learn(events.map(({ bytes }) => bytes));
    // Keys with events that are not flushed are never missing, so a flush meanwhile changed none of these rows.
    for (const key of missing) this.#states.set(key, initialState);
    for (const { key, offset, bytes } of events) {
      this.#states.set(key, evolve(this.stateOf(key), this.#codec.decode(bytes) as Event, offset));
    }
  }

  /** The state of a key that was loaded. */
  stateOf(key: string): State {
    const state = this.#states.get(key);
    if (!state) throw new Error(`the state of key ${key} was not loaded`);
    return state;
  }

  /** Folds a valid event that stands at the position. Its key's state must have been loaded. */
  fold(
    { offset, key, bytes }: { offset: number; key: string; bytes: Buffer },
    event: Event | NewEvent,
    command: { offset: number; id: string },
  ): void {
    const underItsPlace = event.type === 'CommandRejected' && command.id === `${this.#partition}:${command.offset}`;
    if (!underItsPlace) {
      const state = evolve(this.stateOf(key), event, offset);
      this.#states.delete(key);
      this.#states.set(key, state);
    }
    // A refusal that is kept under its place says nothing about its key.
    this.#unflushedBytes += bytes.length;
    this.#unflushed.push({ offset, key: underItsPlace ? null : key, commandId: command.id, bytes });
    this.#lastCommand = command;
    this.#position = offset + 1;
  }

  /** Passes over a void record. */
  skip(offset: number): void {
    this.#position = offset + 1;
  }

  /** Writes what is not in the store yet. Throws {@link LostOwnershipError}; other errors leave it to be tried again. */
  async flush(): Promise<void> {
    if (this.#position === this.#stored) return;
    const next = { generation: this.#generation, nextOffset: this.#position, lastCommand: this.#lastCommand };
    this.#flushing = this.#flushing.concat(this.#unflushed);
    this.#unflushed = [];
    const bytes = this.#unflushedBytes;
    this.#writing = next.nextOffset;
    if (!(await this.#store.flush(this.#partition, this.#stored, next, this.#flushing))) {
      throw new LostOwnershipError(`checkpoint of partition ${this.#partition} is not at ${this.#stored} any more`);
    }
    this.#stored = next.nextOffset;
    this.#unflushedBytes -= bytes;
    this.#flushing = [];
  }

  /** Only here do states leave: between two loads nobody relies on them. */
  #evict(): void {
    let excess = this.#states.size - CACHED_KEYS;
    if (excess <= 0) return;
    const pinned = new Set([...this.#unflushed, ...this.#flushing].map(({ key }) => key));
    for (const key of this.#states.keys()) {
      if (excess <= 0) return;
      if (!pinned.has(key) && this.#states.delete(key)) excess -= 1;
    }
  }
}
