/**
 * The owner of one partition: reads its events to the end, decides the commands after the last decided one, appends
 * what it decides with the offsets at which it expects it to land, and goes on only from what the log then says.
 * Correctness never depends on there being one owner.
 */

import { LogLostError } from '../../platform/kafka/log-lost.ts';
import type { LogRecord } from '../../platform/kafka/records.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Codec } from '../../platform/registry/codec.ts';
import type { Store } from '../state/store.ts';
import { type Decided, decideBatch } from './batch.ts';
import { Flusher } from './flusher.ts';
import { Follower, type ProcessorMetrics } from './follower.ts';
import { Inbox } from './inbox.ts';
import { Parking } from './parking.ts';
import { isAway, patiently } from './patience.ts';
import { type Received, receive } from './received.ts';
import { LostOwnershipError, View } from './view.ts';

type TopicName = 'commands' | 'events';

export interface OwnerOptions {
  partition: number;
  codec: Codec;
  store: Store;
  logger: Logger;
  metrics: ProcessorMetrics;
  partitionOf(key: Buffer): number;
  /** Appends one record batch to this partition of the events topic; resolves to where it landed. */
  append(batch: { key: Buffer | null; value: Buffer }[]): Promise<number>;
  /** The end of this partition of the events topic now. */
  logEnd(): Promise<number>;
  /** Keeps the bytes of a record that nobody could decide. */
  park(record: LogRecord, reason: string): Promise<void>;
  /** Reads on from this offset; what was fetched before is dropped. */
  seek(topic: TopicName, offset: number): void;
  /** Stops and restarts the flow of a topic (back-pressure). */
  throttle(topic: TopicName, paused: boolean): void;
  answer(decided: Decided[]): void;
  /** The owner cannot go on. End the process. */
  onFailure(error: unknown): void;
}

/** An append landed elsewhere than expected: something came in between, and all of the batch is void. */
class LandedElsewhereError extends Error {
  override name = 'LandedElsewhereError';
}

const BATCH = { commands: 500, bytes: 800_000, eventBytes: 3_000_000 };
const IDLE_MS = 1000;
const RETRY_MS = 250;
/** How often the end of the log is asked for until one before what was read is believed. */
const END_TRIES = 20;

export class Owner {
  readonly #options: OwnerOptions;
  readonly #follower: Follower;
  readonly #commands: Inbox;
  readonly #parking: Parking;
  readonly #flusher = new Flusher(() => this.#wake());
  /** The last decided command is read again first, to check that it still is the one that was decided. */
  #toCheck: { offset: number; id: string } | undefined;
  readonly #stopping = new AbortController();
  #wake: () => void = () => {};
  #running: Promise<void> = Promise.resolve();

  private constructor(options: OwnerOptions, view: View, mustReach: number) {
    this.#options = options;
    const { codec, metrics, answer } = options;
    this.#parking = new Parking(options.park);
    this.#commands = new Inbox((paused) => this.#throttle('commands', paused));
    const follow = { codec, metrics, answer, patiently: this.#patiently };
    this.#follower = new Follower(
      { ...follow, throttle: (paused) => this.#throttle('events', paused) },
      view,
      mustReach,
    );
  }

  /**
   * Opens a partition at its checkpoint. Nothing is decided before its log was read to the end. Waits for servers that
   * are away until `signal`.
   */
  static async open(options: OwnerOptions, signal: AbortSignal): Promise<Owner> {
    const view = await openView(options, signal);
    const owner = new Owner(options, view, await patiently(options.logger, signal, options.logEnd));
    owner.#running = owner.#run();
    return owner;
  }

  /** Where to read both topics from. */
  positions(): { commands: number; events: number } {
    return { commands: this.#view.lastCommand?.offset ?? 0, events: this.#view.position };
  }

  onCommands(records: LogRecord[]): void {
    if (!this.#follower.isDone) return;
    this.#commands.push(records);
    this.#wake();
  }

  onEvents(records: LogRecord[]): void {
    this.#follower.push(records);
    this.#wake();
  }

  /** Writes what the store lacks. Called again and again, for all owners at the same time: they share one statement. */
  flush(): void {
    this.#flusher.flush(this.#view);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      try {
        await this.#step();
      } catch (error) {
        if (this.#stopping.signal.aborted) break;
        await this.#recover(error).catch((failure) => {
          if (this.#stopping.signal.aborted) return;
          this.#stopping.abort();
          this.#options.onFailure(failure);
        });
      }
    }
    await this.#flusher.finish(this.#view);
  }

  async #step(): Promise<void> {
    if (this.#flusher.failure) throw this.#flusher.failure;
    const follower = this.#follower;
    if (follower.waiting > 0) await follower.fold();
    if (follower.isAtEnd) await this.#beginDeciding();
    else if (follower.isDone && this.#commands.length > 0) await this.#decide();
    else if (follower.waiting === 0) await this.#sleep(IDLE_MS);
    await this.#flusher.keepUp(this.#view, this.#stopping.signal);
  }

  /** The log was read to its end: commands go on at exactly the one after the last valid event's. */
  async #beginDeciding(): Promise<void> {
    await this.#answerPassed();
    this.#follower.finish();
    this.#commands.clear();
    this.#toCheck = this.#view.lastCommand;
    this.#seek('commands', this.#toCheck?.offset ?? 0);
  }

  /** Repeats under way with others whose events turned out to be in the log: nobody comes back to them to decide them. */
  async #answerPassed(): Promise<void> {
    const last = this.#view.lastCommand?.offset ?? -1;
    const passed = [...this.#follower.underway.values()].filter(
      ({ command, record }) => command && record.offset <= last,
    );
    if (passed.length === 0) return;
    await this.#patiently(() => this.#view.load(passed.map(({ key }) => key)));
    const { codec, answer } = this.#options;
    const decided = decideBatch(passed, this.#view.position, (key) => this.#view.stateOf(key), codec, BATCH);
    answer(decided.filter(({ appended }) => !appended));
    for (const { record } of passed) this.#follower.underway.delete(record.offset);
  }

  async #decide(): Promise<void> {
    const { codec, partition, partitionOf } = this.#options;
    // Another owner may have decided what comes in only now.
    if (!this.#toCheck) this.#commands.dropBelow((this.#view.lastCommand?.offset ?? -1) + 1);
    const records = this.#commands.peek(BATCH.commands);
    if (records.length === 0) return;
    await this.#patiently(() => codec.learn(records.map((record) => record.value)));
    const received = records.map((record) => receive(record, partition, codec, partitionOf));
    if (this.#toCheck) return this.#checkLastCommand(received[0]);
    await this.#patiently(() => this.#view.load(received.filter(({ command }) => command).map(({ key }) => key)));
    const batch = decideBatch(received, this.#view.position, (key) => this.#view.stateOf(key), codec, BATCH);
    await this.#append(batch);
    this.#commands.drop(batch.length);
    this.#options.answer(batch);
  }

  async #append(batch: Decided[]): Promise<void> {
    const appends = batch.flatMap(({ received, appended }) => (appended ? [{ received, ...appended }] : []));
    if (appends.length === 0) return;
    await this.#parking.keep(batch, this.#view.lastCommand?.offset ?? -1);
    for (const { received } of batch) this.#follower.underway.set(received.record.offset, received);
    const expected = this.#view.position;
    const landed = await this.#options.append(
      appends.map(({ received, bytes }) => ({ key: received.command ? received.record.key : null, value: bytes })),
    );
    if (landed < expected) throw this.#lost(`took a batch at ${landed}, but was read up to ${expected}`);
    if (landed !== expected) throw new LandedElsewhereError(`the batch landed at ${landed}, expected ${expected}`);
    for (const [index, { received, event, bytes }] of appends.entries()) {
      const command = { offset: received.record.offset, id: event.data.commandId };
      this.#view.fold({ offset: expected + index, key: received.key, bytes }, event, command);
    }
    this.#options.metrics.valid += appends.length;
    this.#follower.underway.clear();
  }

  #checkLastCommand(received: Received | undefined): void {
    const { partition } = this.#options;
    const { offset, id } = this.#toCheck ?? { offset: 0, id: '' };
    const found = received?.command?.data.commandId;
    if (received?.record.offset !== offset || (id !== found && id !== received.place)) {
      throw new LogLostError(
        `command ${offset} of partition ${partition} was ${id} when it was decided and is now ${found ?? received?.place}: ` +
          'the commands topic was recreated or cut. Restore it from its mirror.',
      );
    }
    this.#toCheck = undefined;
    this.#commands.drop(1);
  }

  /** After anything that leaves the log's state unknown: read it to its end again, and decide from there. */
  async #recover(error: unknown): Promise<void> {
    const { logger, partition } = this.#options;
    if (!isPassing(error)) throw error;
    logger.warn({ partition, reason: error instanceof Error ? error.message : error }, 'reading the log again');
    let view = this.#view;
    if (error instanceof LostOwnershipError || this.#flusher.failure) {
      this.#flusher.forgetFailure();
      view = await openView(this.#options, this.#stopping.signal);
    } else if (!(error instanceof LandedElsewhereError)) {
      await this.#sleep(RETRY_MS);
    }
    this.#commands.clear();
    this.#follower.restart(view);
    this.#seek('events', view.position);
    this.#follower.readTo(await this.#endFrom(view.position));
  }

  /** The end of the log. One before what was read is asked for again, since a new leader may not know all at once. */
  async #endFrom(position: number): Promise<number> {
    for (let tries = 0; ; tries += 1) {
      const end = await this.#patiently(this.#options.logEnd);
      if (end >= position || this.#stopping.signal.aborted) return end;
      if (tries === END_TRIES) throw this.#lost(`ends at ${end}, but was read up to ${position}`);
      await this.#sleep(RETRY_MS);
    }
  }

  #lost(what: string): LogLostError {
    const { partition } = this.#options;
    return new LogLostError(
      `partition ${partition} of the events topic ${what}: it was cut or recreated. Restore it from its mirror.`,
    );
  }

  // The partition may be somebody else's as soon as this owner was told to stop.
  #seek(topic: TopicName, offset: number): void {
    if (!this.#stopping.signal.aborted) this.#options.seek(topic, offset);
  }

  #throttle(topic: TopicName, paused: boolean): void {
    if (!this.#stopping.signal.aborted) this.#options.throttle(topic, paused);
  }

  get #view(): View {
    return this.#follower.view;
  }

  readonly #patiently = <T>(attempt: () => Promise<T>): Promise<T> =>
    patiently(this.#options.logger, this.#stopping.signal, attempt);

  async #sleep(milliseconds: number): Promise<void> {
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    await Promise.race([woken, delay(milliseconds)]);
  }
}

/** Whether reading the log again can help: a lost race, or a server that was away. All else ends the process. */
function isPassing(error: unknown): boolean {
  return error instanceof LandedElsewhereError || error instanceof LostOwnershipError || isAway(error);
}

async function openView({ partition, store, codec, logger }: OwnerOptions, signal: AbortSignal): Promise<View> {
  const checkpoint = await patiently(logger, signal, () => store.checkpoint(partition));
  return new View(partition, checkpoint, store, codec);
}

function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
