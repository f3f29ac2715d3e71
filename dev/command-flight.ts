/** Commands between their source and their outcomes: sent, awaited, sent again when the connection breaks. */
import type { SendOptions } from './command-client.ts';
import { CommandApiRefused, CommandApiUnreachable } from './command-errors.ts';
import { type CommandJson, isUndecided, type Outcome, type Problem } from './command-json.ts';
import { type Ending, type Exchange, type ExchangeHandlers, openExchange } from './ndjson-exchange.ts';

interface Slot<C> {
  command: C;
  line: string;
  sends: number;
  outcome?: Outcome;
}

const WRITE_BYTES = 64 * 1024;
const GRACE_MS = 3000;
/** A command that is still refused as "try again" after so many times is given back as it is. */
const MAX_SENDS = 10;

export class Flight<C extends CommandJson> {
  failure: unknown;
  private readonly url: string;
  private readonly options: SendOptions;
  /** Everything not yet handed to the reader, in order of submission. */
  private slots: Slot<C>[] = [];
  private unsent: Slot<C>[] = [];
  /** Written on the current exchange, in the order in which answers will come. */
  private awaiting: Slot<C>[] = [];
  private bytes = 0;
  private sourceEnded = false;
  private closed = false;
  private exchange: Exchange | undefined;
  private writable = true;
  /** The current exchange takes no more lines. */
  private ending = false;
  private flushing = false;
  private retry: NodeJS.Timeout | undefined;
  private grace: NodeJS.Timeout | undefined;
  private attempts = 0;
  private failingSince: number | undefined;
  private wake: (() => void)[] = [];

  constructor(url: string, options: SendOptions) {
    this.url = url;
    this.options = options;
    options.signal?.addEventListener('abort', this.abort, { once: true });
    if (options.signal?.aborted) this.abort();
  }

  get done(): boolean {
    return this.closed || (this.sourceEnded && this.slots.length === 0);
  }

  /** Resolves when something happened. */
  changed(): Promise<void> {
    return new Promise((resolve) => this.wake.push(resolve));
  }

  async take(source: Iterable<C> | AsyncIterable<C>): Promise<void> {
    try {
      for await (const command of source) {
        if (this.sourceEnded) break;
        const slot: Slot<C> = { command, line: `${JSON.stringify(command)}\n`, sends: 0 };
        this.bytes += slot.line.length;
        this.slots.push(slot);
        this.unsent.push(slot);
        this.scheduleFlush();
        while (this.full && !this.sourceEnded) await this.changed();
      }
    } catch (error) {
      this.fail(error);
    }
    this.endSource();
  }

  /** The oldest command, once it is answered. */
  next(): (Slot<C> & { outcome: Outcome }) | undefined {
    const slot = this.slots[0];
    if (!slot?.outcome) return undefined;
    this.slots.shift();
    this.bytes -= slot.line.length;
    this.notify();
    return { ...slot, outcome: slot.outcome };
  }

  close(): void {
    this.closed = true;
    this.sourceEnded = true;
    clearTimeout(this.retry);
    clearTimeout(this.grace);
    this.options.signal?.removeEventListener('abort', this.abort);
    this.exchange?.abandon();
    this.notify();
  }

  private readonly abort = () => {
    this.endSource();
    if (this.exchange) this.grace = setTimeout(() => this.close(), GRACE_MS);
    else this.close();
  };

  private endSource(): void {
    this.sourceEnded = true;
    this.scheduleFlush();
    this.notify();
  }

  private get full(): boolean {
    const { maxInFlight = 2000, maxInFlightBytes = 8 * 1024 * 1024 } = this.options;
    return this.slots.length >= maxInFlight || this.bytes >= maxInFlightBytes;
  }

  private notify(): void {
    const waiting = this.wake;
    this.wake = [];
    for (const resolve of waiting) resolve();
  }

  private fail(error: unknown): void {
    this.failure ??= error;
    this.notify();
  }

  /** What the source gives within one turn of the event loop goes out in one write. */
  private scheduleFlush(): void {
    if (this.flushing) return;
    this.flushing = true;
    setImmediate(() => {
      this.flushing = false;
      this.flush();
    });
  }

  private flush(): void {
    if (this.closed || this.retry) return;
    if (!this.exchange) {
      if (this.unsent.length === 0) return;
      this.connect();
    }
    if (this.ending) return;
    while (this.unsent.length > 0 && this.writable) this.writable = this.write();
    if (this.sourceEnded && this.unsent.length === 0) {
      this.ending = true;
      this.exchange?.end();
    }
  }

  private write(): boolean {
    let text = '';
    let count = 0;
    for (const slot of this.unsent) {
      text += slot.line;
      slot.sends += 1;
      count += 1;
      if (text.length >= WRITE_BYTES) break;
    }
    this.awaiting.push(...this.unsent.splice(0, count));
    return this.exchange?.write(text) ?? false;
  }

  private connect(): void {
    this.writable = true;
    this.ending = false;
    const handlers: ExchangeHandlers = {
      onLine: (line) => this.answer(line),
      onDrain: () => {
        this.writable = true;
        this.flush();
      },
      onSilence: () => this.awaiting.length > 0,
      onEnd: (ending) => this.ended(ending),
    };
    this.exchange = openExchange(this.url, handlers, this.options.apiKey);
  }

  private answer(line: string): void {
    const slot = this.awaiting.shift();
    if (!slot) return;
    const outcome = outcomeOf(line);
    this.attempts = 0;
    this.failingSince = undefined;
    if (isUndecided(outcome) && slot.sends < MAX_SENDS) {
      // Whether it got into the log is unknown; asking again tells.
      this.unsent.push(slot);
      this.scheduleFlush();
      return;
    }
    slot.outcome = outcome;
    this.notify();
  }

  private ended(ending: Ending): void {
    this.exchange = undefined;
    this.unsent = [...this.awaiting, ...this.unsent];
    this.awaiting = [];
    this.notify();
    if (ending.kind === 'refused') this.fail(new CommandApiRefused(this.url, ending.problem));
    else if (this.unsent.length === 0) return;
    else if (this.options.signal?.aborted) this.close();
    else if (ending.kind === 'finished' && this.ending) this.flush();
    else this.tryAgain(ending);
  }

  private tryAgain(ending: Exclude<Ending, { kind: 'refused' }>): void {
    const reason = describeEnding(ending);
    this.failingSince ??= Date.now();
    if (Date.now() - this.failingSince > (this.options.giveUpAfterMs ?? 60_000)) {
      this.fail(new CommandApiUnreachable(this.url, reason));
      return;
    }
    const delayMs = ending.kind === 'busy' ? ending.retryAfterMs : Math.min(100 * 2 ** this.attempts, 2000);
    this.attempts += 1;
    this.options.onRetry?.(reason, delayMs);
    this.retry = setTimeout(() => {
      this.retry = undefined;
      this.flush();
    }, delayMs);
  }
}

/** `unknown`: the outcome did not come in time. Asking again tells. */
type AnswerLine = Outcome | { outcome: 'unknown' } | { outcome?: undefined; error: Problem };

const notInTime: Problem = { status: 504, title: 'Not decided in time' };

function outcomeOf(text: string): Outcome {
  const answer: AnswerLine = JSON.parse(text);
  if (answer.outcome === undefined) return { outcome: 'invalid', problem: answer.error };
  if (answer.outcome === 'unknown') return { outcome: 'invalid', problem: notInTime };
  return answer;
}

function describeEnding(ending: Exclude<Ending, { kind: 'refused' }>): string {
  if (ending.kind === 'busy') return 'it is busy';
  if (ending.kind === 'finished') return 'it ended the answer early';
  return ending.error.message || ('code' in ending.error ? String(ending.error.code) : ending.error.name);
}
