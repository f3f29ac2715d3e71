/** What a processor reads of one partition: records in order from where it sought, some at a time, each after a while. */
import type { LogRecord } from '../../platform/kafka/records.ts';
import type { Log } from './broker.ts';
import type { World } from './world.ts';

const MAX_RECORDS = 20;

export class Feed {
  readonly deliver: (records: LogRecord[]) => void;
  readonly #world: World;
  readonly #log: Log;
  readonly #whenRunning: (run: () => void) => void;
  readonly #fetch = () => this.#fetchNext(this.#polling);
  /** The next offset; undefined until it was sought. */
  #next: number | undefined;
  /** What was fetched before a seek is dropped. */
  #seeks = 0;
  #paused = false;
  #fetching = false;
  /** The broker was asked for what comes next, and answers when it has something, a pause or not. */
  #polling = false;
  #closed = false;

  constructor(world: World, log: Log, deliver: Feed['deliver'], whenRunning: (run: () => void) => void) {
    this.#world = world;
    this.#log = log;
    this.deliver = deliver;
    this.#whenRunning = whenRunning;
    log.readers.add(this.#fetch);
  }

  seek(offset: number): void {
    this.#next = offset;
    this.#seeks += 1;
    this.#fetching = false;
    this.#polling = false;
    this.#fetchNext();
  }

  pause(paused: boolean): void {
    this.#paused = paused;
    this.#fetchNext();
  }

  close(): void {
    this.#closed = true;
    this.#log.readers.delete(this.#fetch);
  }

  #fetchNext(wasAsked = false): void {
    const { random, clock, network } = this.#world;
    if (this.#fetching || (this.#paused && !wasAsked) || this.#closed || this.#next === undefined) return;
    this.#polling = this.#next >= this.#log.end;
    if (this.#polling) return;
    const from = this.#next;
    const seeks = this.#seeks;
    this.#fetching = true;
    const most = 1 + random.below(MAX_RECORDS);
    const arrive = () => {
      if (seeks !== this.#seeks || this.#closed) return;
      this.#fetching = false;
      const records = this.#log.records.filter(({ offset }) => offset >= from).slice(0, most);
      const last = records.at(-1);
      if (!last) return;
      this.#next = last.offset + 1;
      this.deliver(records);
      this.#fetchNext();
    };
    clock.after(network.latency(), () => this.#whenRunning(arrive));
  }
}
