/** `POST /commands`: newline-delimited commands in, one outcome a line out, in the same order, both streaming. */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Request, Response } from 'express';
import type { Answer } from '../answer.ts';
import { scopeOf } from '../keys/scopes.ts';
import { type Admission, LONG_BYTES, MAX_TEXT_BYTES, STREAM_IDLE_MS, TEXT_TIMEOUT_MS } from './admission.ts';
import type { Client } from './auth.ts';
import type { Gateway } from './gateway.ts';
import { refuseIdempotencyKey } from './idempotency-key.ts';
import { type Line, type LineFault, linesOf } from './lines.ts';
import { parseTyped } from './parse.ts';
import { type Problem, ProblemError, problems } from './problem.ts';

const LINES_PER_WRITE = 500;

type LineResult =
  | ({ line: number } & Answer)
  | { line: number; error: Problem }
  | { line: number; commandId: string; outcome: 'unknown' };

interface Slot {
  /** The outcome as a line, when it is there. */
  text: string | undefined;
  filled: Promise<void>;
}

export interface BulkOptions extends Pick<Admission, 'access' | 'pressure' | 'longTexts'> {
  gateway: Gateway;
  /** Milliseconds since 1970. */
  now(): number;
  /** {@link STREAM_IDLE_MS} unless given. */
  idleMs?: number;
}

export function bulk({ gateway, access, pressure, longTexts, now, idleMs = STREAM_IDLE_MS }: BulkOptions) {
  const limits = {
    ...{ maxBytes: MAX_TEXT_BYTES, longBytes: LONG_BYTES, places: longTexts, timeoutMs: TEXT_TIMEOUT_MS },
    idleMs,
  };

  return async (request: Request, response: Response): Promise<void> => {
    const client = await access.clientOf(request);
    if (request.headers['content-encoding']) {
      throw new ProblemError(problems.mediaType('send the lines without content-encoding'));
    }
    refuseIdempotencyKey(request);
    const leave = pressure.enter();
    response.status(200).type('application/x-ndjson');
    response.flushHeaders();
    /** In order of the lines; the first ones may be there already, if the client does not read. */
    const queue: Slot[] = [];
    let reading = true;
    const added = createSignal();
    const taken = createSignal();
    const gone = goneOf(response);
    gone.addEventListener('abort', () => {
      added.fire();
      taken.fire();
    });

    /** Writes outcomes in order, each when it is there, and those that are there together at once. */
    async function write(): Promise<void> {
      while (!gone.aborted && (reading || queue.length > 0)) {
        const first = queue[0];
        if (!first) {
          await added.wait();
          continue;
        }
        await first.filled;
        const text = takeFilled(queue);
        taken.fire();
        if (!gone.aborted && !response.write(text)) await once(response, 'drain', { signal: gone });
      }
    }

    /**
     * Stops reading until it is this stream's turn, less of it is outstanding, and the log takes more. Throws when the
     * client has gone: what was read and not sent is dropped then, nothing of it was promised.
     */
    async function untilRoom(): Promise<void> {
      added.fire();
      while (queue.length >= pressure.share && !gone.aborted) await taken.wait();
      do await pressure.room(gone);
      while (pressure.isHigh);
      gone.throwIfAborted();
    }

    /** Stops reading until the client's rate has another command for it. Throws when the client has gone. */
    async function untilDue(firstWait: number): Promise<void> {
      added.fire();
      for (let wait = firstWait; wait > 0; wait = client.take()) await delay(wait, undefined, { signal: gone });
      gone.throwIfAborted();
    }

    const isAwaiting = () => queue.length > 0 || response.writableLength > 0;
    const writing = write();
    // Reading ends for the same reason, and says so.
    writing.catch(() => {});
    try {
      for await (const lines of linesOf(request, { ...limits, isAwaiting, gone })) {
        await untilRoom();
        for (const line of lines) {
          if (queue.length >= pressure.share || pressure.isHigh) await untilRoom();
          const wait = client.take();
          if (wait > 0) await untilDue(wait);
          queue.push(slotFor(settle(line, client, gateway, now())));
        }
        added.fire();
      }
      reading = false;
      added.fire();
      await writing;
    } finally {
      reading = false;
      leave();
    }
    // Of whom was given up nothing more is read.
    response.end(() => request.complete || request.destroy());
  };
}

/** Aborts when nothing more can be answered: the client has gone, or has had everything. */
function goneOf(response: Response): AbortSignal {
  const gone = new AbortController();
  if (response.destroyed) gone.abort();
  else response.once('close', () => gone.abort());
  return gone.signal;
}

function slotFor(result: Promise<LineResult>): Slot {
  const slot: Slot = { text: undefined, filled: Promise.resolve() };
  slot.filled = result.then((outcome) => {
    slot.text = `${JSON.stringify(outcome)}\n`;
  });
  return slot;
}

/** Takes the outcomes at the front that are there, as many as go into one write. */
function takeFilled(queue: Slot[]): string {
  const end = queue.findIndex(({ text }, index) => text === undefined || index === LINES_PER_WRITE);
  const filled = queue.splice(0, end < 0 ? queue.length : end);
  return filled.map(({ text }) => text).join('');
}

/** Lets one side wait until the other has done something. */
function createSignal(): { wait(): Promise<void>; fire(): void } {
  let fire = () => {};
  return {
    wait: () =>
      new Promise((resolve) => {
        fire = resolve;
      }),
    fire: () => fire(),
  };
}

/** Never rejects: whatever is wrong with one line is said on that line. */
async function settle(line: Line, client: Client, gateway: Gateway, now: number): Promise<LineResult> {
  const { number } = line;
  try {
    if (line.fault) return { line: number, error: faultProblem(line.fault) };
    const command = parseTyped(line.text, now);
    const refusal = client.refusal(scopeOf[command.type]);
    if (refusal) return { line: number, error: refusal };
    const answer = await gateway.send(command);
    const { commandId } = command.data;
    return answer ? { line: number, ...answer } : { line: number, commandId, outcome: 'unknown' };
  } catch (error) {
    return { line: number, error: error instanceof ProblemError ? error.problem : problems.internal() };
  }
}

function faultProblem(fault: LineFault): Problem {
  if (fault === 'too long') return problems.tooLarge(`the line is longer than ${MAX_TEXT_BYTES} bytes`);
  if (fault === 'not UTF-8') return problems.malformed('the line is not UTF-8');
  if (fault === 'idle')
    return problems.timeout('no line came for a long time: send this and what follows in a new stream');
  return problems.timeout(`the line did not come within ${TEXT_TIMEOUT_MS / 1000} s`);
}
