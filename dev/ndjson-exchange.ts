/** One HTTP request that sends lines and one response that brings lines back, both streaming at the same time. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Problem } from './command-json.ts';

/** Why an exchange is over. `busy` and `lost` are worth another try. */
export type Ending =
  | { kind: 'finished' }
  | { kind: 'lost'; error: Error }
  | { kind: 'busy'; retryAfterMs: number }
  | { kind: 'refused'; problem: Problem };

export interface Exchange {
  /** False when the socket is full: write again after `onDrain`. */
  write(lines: string): boolean;
  /** No more lines will be written; the rest of the answers still comes. */
  end(): void;
  /** Drops the connection. `onEnd` is not called any more. */
  abandon(): void;
}

export interface ExchangeHandlers {
  onLine(line: string): void;
  onDrain(): void;
  /** Nothing was written or read for a while. Returns true to give the connection up. */
  onSilence(): boolean;
  /** Called once, last. */
  onEnd(ending: Ending): void;
}

const SILENCE_MS = 30_000;
const largestErrorBody = 64 * 1024;

export function openExchange(url: string, handlers: ExchangeHandlers, apiKey?: string): Exchange {
  let over = false;
  const end = (ending: Ending) => {
    if (over) return;
    over = true;
    request.destroy();
    handlers.onEnd(ending);
  };
  const lost = (error: Error) => end({ kind: 'lost', error });

  const request = (url.startsWith('https:') ? httpsRequest : httpRequest)(url, {
    method: 'POST',
    agent: false,
    headers: {
      'content-type': 'application/x-ndjson',
      accept: 'application/x-ndjson',
      ...(apiKey && { authorization: `Bearer ${apiKey}` }),
    },
  });
  request.setNoDelay(true);
  request.setTimeout(SILENCE_MS, () => {
    if (!over && handlers.onSilence()) lost(new Error(`no answer for ${SILENCE_MS / 1000} s`));
  });
  request.on('drain', () => over || handlers.onDrain());
  request.on('error', lost);
  request.on('close', () => lost(new Error('the connection was closed')));
  request.on('response', (response) => {
    response.setEncoding('utf8');
    response.on('error', lost);
    response.on('aborted', () => lost(new Error('the connection was closed')));
    if (response.statusCode === 200) readLines(response, (line) => over || handlers.onLine(line), end);
    else readProblem(response, end);
  });
  request.flushHeaders();

  return {
    write: (lines) => request.write(lines),
    end: () => request.end(),
    abandon: () => {
      over = true;
      request.destroy();
    },
  };
}

function readLines(response: IncomingMessage, onLine: (line: string) => void, end: (ending: Ending) => void): void {
  let rest = '';
  response.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    try {
      for (const line of lines) if (line !== '') onLine(line);
    } catch (error) {
      end({ kind: 'lost', error: new Error('an answer is not JSON', { cause: error }) });
    }
  });
  response.on('end', () => end({ kind: 'finished' }));
}

function readProblem(response: IncomingMessage, end: (ending: Ending) => void): void {
  const status = response.statusCode ?? 0;
  if (status === 429 || status === 503) {
    end({ kind: 'busy', retryAfterMs: retryAfterMs(response.headers['retry-after'], Date.now()) });
    return;
  }
  let body = '';
  response.on('data', (text: string) => {
    if (body.length < largestErrorBody) body += text;
  });
  response.on('end', () => end({ kind: 'refused', problem: problemOf(status, body) }));
}

function problemOf(status: number, body: string): Problem {
  try {
    const problem: unknown = JSON.parse(body);
    if (typeof problem === 'object' && problem !== null && 'title' in problem) {
      return { status, ...problem } as Problem;
    }
  } catch {
    // Not JSON: some proxy's page. The status has to do.
  }
  return { status, title: `HTTP ${status}` };
}

/** Retry-After in seconds or as an HTTP date; 1 s when absent, 30 s at most. */
export function retryAfterMs(header: string | undefined, nowMs: number): number {
  const seconds = header === undefined || header === '' ? 1 : Number(header);
  const ms = Number.isNaN(seconds) ? Date.parse(header ?? '') - nowMs : seconds * 1000;
  return Number.isNaN(ms) ? 1000 : Math.min(Math.max(ms, 0), 30_000);
}
