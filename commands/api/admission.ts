/** Lets single commands in, or refuses them before their body is read. */
import type { Request, RequestHandler } from 'express';
import type { Scope } from '../keys/scopes.ts';
import type { Access, Client } from './auth.ts';
import type { ApiMeters } from './metrics.ts';
import type { Pressure } from './pressure.ts';
import { type Problem, ProblemError, problems, sendProblem } from './problem.ts';
import type { Slots } from './slots.ts';

export interface Admission {
  access: Access;
  pressure: Pressure;
  /** Texts beyond {@link LONG_BYTES} that may be held at the same time. */
  longTexts: Slots;
  meters: Pick<ApiMeters, 'rateLimited'>;
}

/** A text larger than this needs one of few places: it may grow up to {@link MAX_TEXT_BYTES}. */
export const LONG_BYTES = 64 * 1024;
/** The largest command as JSON. 2,000 lines of the longest ASCII texts take 2.1 MB. */
export const MAX_TEXT_BYTES = 4 * 1024 * 1024;
/** How long a client may take to send such a text. */
export const TEXT_TIMEOUT_MS = 30_000;
/** How long a stream of commands may bring no line, an empty one included, while none of its outcomes is awaited. */
export const STREAM_IDLE_MS = 5 * 60_000;

/** Only who holds the scope. Throws {@link ProblemError}. */
export function authorize(scope: Scope, access: Access): RequestHandler {
  return async (request, _, next) => {
    throwIf((await access.clientOf(request)).refusal(scope));
    next();
  };
}

/** One command: its client may send it, is not too fast, and there is room for it. Throws {@link ProblemError}. */
export function admit(scope: Scope, { access, pressure, longTexts, meters }: Admission): RequestHandler {
  return async (request, response, next) => {
    const client = await access.clientOf(request);
    throwIf(client.refusal(scope) ?? pressure.refusal() ?? rateProblem(client));
    if (isLong(request)) {
      if (!longTexts.tryTake()) throw new ProblemError(problems.unavailable('Too many large orders are under way.'));
      response.once('close', () => longTexts.give());
    }
    const slow = setTimeout(() => {
      sendProblem(response, problems.timeout(`the body did not come within ${TEXT_TIMEOUT_MS / 1000} s`));
      request.destroy();
    }, TEXT_TIMEOUT_MS);
    request.once('end', () => clearTimeout(slow)).once('close', () => clearTimeout(slow));
    next();
  };

  function rateProblem(client: Client): Problem | undefined {
    const wait = client.take();
    if (wait === 0) return undefined;
    meters.rateLimited();
    const detail = 'More commands a second than this API key may send. Nothing was recorded; send it again later.';
    return { ...problems.rateLimited(detail), retryAfter: Math.ceil(wait / 1000) };
  }
}

/** Whether the body may be large: it says so, or does not say. */
function isLong({ headers }: Request): boolean {
  return headers['content-encoding'] !== undefined || !(Number(headers['content-length']) <= LONG_BYTES);
}

function throwIf(problem: Problem | undefined): void {
  if (problem) throw new ProblemError(problem);
}
