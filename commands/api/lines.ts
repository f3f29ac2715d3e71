/** Lines of a byte stream. Holds one chunk and one line at a time, and of long lines only as many as there are places. */
import { isUtf8 } from 'node:buffer';
import { IdleError, type IdleLimits, untilIdle } from './idle.ts';
import type { Slots } from './slots.ts';

/**
 * `fault`: it was longer than allowed, did not come in time, or is no text, and was passed over; or it did not come at
 * all, and is the last one.
 */
export type Line =
  /** `number` from 1. */
  { number: number; text: string; fault?: undefined } | { number: number; fault: LineFault; text?: undefined };

export type LineFault = 'too long' | 'too slow' | 'not UTF-8' | 'idle';

export interface LineLimits extends IdleLimits {
  maxBytes: number;
  /** A line of more than `longBytes` waits for a place, and has to be whole `timeoutMs` after it has one. */
  longBytes: number;
  places: Slots;
  timeoutMs: number;
  /** Aborts when nobody sends any more: it ends the wait for a place. */
  gone: AbortSignal;
}

const NEWLINE = 10;
/** A chunk of many tiny lines is handed on in several parts. */
const MOST_LINES = 200;

/** Splits at \n and drops empty lines (they still count). */
export async function* linesOf(source: AsyncIterable<Buffer>, limits: LineLimits): AsyncGenerator<Line[]> {
  const partial = new PartialLine(limits);
  try {
    for await (const chunk of untilIdle(source, limits)) {
      let lines: Line[] = [];
      let start = 0;
      for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
        const place = partial.add(chunk.subarray(start, end));
        if (place) await place;
        const line = partial.finish();
        if (line) lines.push(line);
        start = end + 1;
        if (lines.length < MOST_LINES) continue;
        yield lines;
        lines = [];
      }
      await partial.add(chunk.subarray(start));
      if (lines.length > 0) yield lines;
    }
    const last = partial.finish();
    if (last) yield [last];
  } catch (error) {
    if (!(error instanceof IdleError)) throw error;
    yield [{ number: partial.number, fault: 'idle' }];
  } finally {
    partial.drop();
  }
}

class PartialLine {
  readonly #limits: LineLimits;
  #number = 0;
  #parts: Buffer[] = [];
  #bytes = 0;
  #fault: LineFault | undefined;
  /** Runs while this line has a place. */
  #timeout: NodeJS.Timeout | undefined;

  constructor(limits: LineLimits) {
    this.#limits = limits;
  }

  /** Of the line that comes next, or has come in part. */
  get number(): number {
    return this.#number + 1;
  }

  /** Wait for what it gives, if anything, before the next one. */
  add(part: Buffer): Promise<void> | undefined {
    const { maxBytes, longBytes } = this.#limits;
    this.#bytes += part.length;
    if (this.#bytes > maxBytes) this.#passOver('too long');
    if (this.#fault) return undefined;
    this.#parts.push(part);
    return this.#bytes > longBytes && !this.#timeout ? this.#takePlace() : undefined;
  }

  /** The line, unless it is empty; the next one begins. */
  finish(): Line | undefined {
    this.#number += 1;
    const number = this.#number;
    const bytes = Buffer.concat(this.#parts);
    const fault = this.#fault ?? (isUtf8(bytes) ? undefined : 'not UTF-8');
    this.drop();
    if (fault) return { number, fault };
    const text = bytes.toString().trim();
    return text === '' ? undefined : { number, text };
  }

  drop(): void {
    this.#leavePlace();
    this.#parts = [];
    this.#bytes = 0;
    this.#fault = undefined;
  }

  async #takePlace(): Promise<void> {
    await this.#limits.places.take(this.#limits.gone);
    this.#timeout = setTimeout(() => this.#passOver('too slow'), this.#limits.timeoutMs);
  }

  #leavePlace(): void {
    if (!this.#timeout) return;
    clearTimeout(this.#timeout);
    this.#timeout = undefined;
    this.#limits.places.give();
  }

  #passOver(fault: LineFault): void {
    this.#leavePlace();
    this.#parts = [];
    this.#fault = fault;
  }
}
