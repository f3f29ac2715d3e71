/**
 * Follows one partition of the events topic: folds what is valid into the owner's view, in order, and answers commands
 * under way whose events turn out to be there.
 */
import { outcomeOf } from '../../domain/decide.ts';
import type { Event } from '../../domain/messages.generated.ts';
import { LogLostError } from '../../platform/kafka/log-lost.ts';
import type { LogRecord } from '../../platform/kafka/records.ts';
import type { Codec } from '../../platform/registry/codec.ts';
import { isValid } from '../../schemas/address.ts';
import type { Decided } from './batch.ts';
import { Inbox } from './inbox.ts';
import { keyOfRecord, type Received } from './received.ts';
import type { View } from './view.ts';

export interface FollowerOptions {
  codec: Codec;
  metrics: ProcessorMetrics;
  /** Stops and restarts the flow of events. */
  throttle(paused: boolean): void;
  answer(decided: Decided[]): void;
  /** Tries until no server is away. */
  patiently<T>(attempt: () => Promise<T>): Promise<T>;
}

export interface ProcessorMetrics {
  valid: number;
  void: number;
}

export class Follower {
  /** Commands whose batch is under way: they get the answer that the log has for them even when the append failed. */
  readonly underway = new Map<number, Received>();
  readonly #options: FollowerOptions;
  readonly #inbox: Inbox;
  #view: View;
  /** The end that events must be read to before anything is decided; undefined when that was done. */
  #mustReach: number | undefined;

  /** `view` stands where reading begins. */
  constructor(options: FollowerOptions, view: View, mustReach: number) {
    this.#options = options;
    this.#view = view;
    this.#mustReach = mustReach;
    this.#inbox = new Inbox((paused) => options.throttle(paused || this.isDone));
  }

  /** What the log says up to where it was read. */
  get view(): View {
    return this.#view;
  }

  /** Whether the log was read to its end since {@link restart}: commands may be decided. */
  get isDone(): boolean {
    return this.#mustReach === undefined;
  }

  /** Whether it has just come to that end. */
  get isAtEnd(): boolean {
    return this.#mustReach !== undefined && this.#view.position >= this.#mustReach;
  }

  get waiting(): number {
    return this.#inbox.length;
  }

  push(records: LogRecord[]): void {
    this.#inbox.push(records);
  }

  /** Reads no further: own events the owner has, and whether others append too it learns from where its next batch lands. */
  finish(): void {
    this.#mustReach = undefined;
    this.#options.throttle(true);
  }

  /** Drops what waits, to read on from `view`'s position. Nothing is to be decided before {@link readTo} was called and that end was reached. */
  restart(view: View): void {
    this.#view = view;
    this.#mustReach = Number.POSITIVE_INFINITY;
    this.#inbox.clear();
    this.#options.throttle(false);
  }

  readTo(end: number): void {
    this.#mustReach = end;
  }

  /** Folds what waits. Throws `LogLostError` when it is not what the log must say. */
  async fold(): Promise<void> {
    const { codec, patiently } = this.#options;
    this.#inbox.dropBelow(this.#view.position);
    const records = this.#inbox.peek(this.#inbox.length);
    this.#inbox.clear();
    const valid = records.filter(isValid);
    await patiently(() => codec.learn(valid.map((record) => record.value)));
    await patiently(() => this.#view.load(valid.map(keyOfRecord)));
    for (const record of records) {
      if (record.offset !== this.#view.position) {
        throw new LogLostError(`events went on at ${record.offset}, expected ${this.#view.position}`);
      }
      if (isValid(record)) this.#foldRecord(record);
      else this.#skip(record);
    }
  }

  #foldRecord(record: LogRecord): void {
    const event = this.#options.codec.decode(record.value) as Event;
    const { commandId, commandOffset } = event.data;
    const last = this.#view.lastCommand?.offset ?? -1;
    if (commandOffset <= last) {
      throw new LogLostError(
        `the event at ${record.offset} answers command ${commandOffset}, but ${last} was answered before it`,
      );
    }
    const stored = { offset: record.offset, key: keyOfRecord(record), bytes: record.value ?? Buffer.alloc(0) };
    this.#view.fold(stored, event, { offset: commandOffset, id: commandId });
    this.#options.metrics.valid += 1;
    const received = this.underway.get(commandOffset);
    const answer = received && {
      received,
      outcome: outcomeOf(event, record.offset),
      appended: { event, bytes: stored.bytes },
    };
    if (answer) this.#options.answer([answer]);
    this.underway.delete(commandOffset);
  }

  #skip(record: LogRecord): void {
    this.#view.skip(record.offset);
    this.#options.metrics.void += 1;
  }
}
