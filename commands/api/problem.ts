/** Errors as RFC 9457 problem details: what was wrong, where, and what to do. */
import type { Response } from 'express';

export interface Problem {
  /** Stable name of the kind of problem. */
  type: string;
  title: string;
  status: number;
  detail: string;
  /** JSON pointer to the bad field. */
  pointer?: string;
  /** Seconds after which trying again makes sense; the `Retry-After` header says the same. */
  retryAfter?: number;
}

export class ProblemError extends Error {
  override name = 'ProblemError';
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

/** Answers with a problem; `more` is said beside it. */
export function sendProblem(response: Response, problem: Problem, more: object = {}): void {
  if (problem.status === 401) response.set('WWW-Authenticate', 'Bearer realm="sales"');
  if (problem.retryAfter !== undefined) response.set('Retry-After', String(problem.retryAfter));
  response
    .status(problem.status)
    .type('application/problem+json')
    .send(JSON.stringify({ ...problem, ...more }));
}

/** Every kind of problem that the command API answers with. */
export const problems = {
  badRequest: (detail: string): Problem => ({ type: 'bad-request', title: 'Bad request', status: 400, detail }),
  malformed: (detail: string): Problem => ({ type: 'malformed-json', title: 'Not valid JSON', status: 400, detail }),
  unauthorized: (detail: string): Problem => ({ type: 'unauthorized', title: 'No good API key', status: 401, detail }),
  missingScope: (detail: string): Problem => ({
    type: 'missing-scope',
    title: 'The API key may not do this',
    status: 403,
    detail,
  }),
  crossSite: (detail: string): Problem => ({ type: 'cross-site', title: 'From another site', status: 403, detail }),
  notFound: (detail: string): Problem => ({ type: 'not-found', title: 'Not found', status: 404, detail }),
  notDecided: (detail: string): Problem => ({
    type: 'not-decided',
    title: 'No outcome in the log',
    status: 404,
    detail,
    retryAfter: 1,
  }),
  method: (detail: string): Problem => ({ type: 'method', title: 'Method not allowed', status: 405, detail }),
  notAcceptable: (detail: string): Problem => ({
    type: 'not-acceptable',
    title: 'Not acceptable',
    status: 406,
    detail,
  }),
  timeout: (detail: string): Problem => ({ type: 'timeout', title: 'Too slow', status: 408, detail }),
  tooLarge: (detail: string): Problem => ({ type: 'too-large', title: 'Too large', status: 413, detail }),
  mediaType: (detail: string): Problem => ({
    type: 'media-type',
    title: 'Unsupported media type',
    status: 415,
    detail,
  }),
  invalid: (detail: string, pointer: string): Problem => ({
    type: 'invalid-command',
    title: 'The command is not valid',
    status: 422,
    detail,
    pointer,
  }),
  rateLimited: (detail: string): Problem => ({
    type: 'rate-limited',
    title: 'Too many commands',
    status: 429,
    detail,
    retryAfter: 1,
  }),
  internal: (): Problem => ({
    type: 'internal',
    title: 'Internal error',
    status: 500,
    detail: 'Something went wrong here. Sending the same command again is safe.',
  }),
  unavailable: (detail: string): Problem => ({
    type: 'unavailable',
    title: 'Not available now',
    status: 503,
    detail,
    retryAfter: 1,
  }),
} as const;

/** What every kind is, without its details. */
export const problemKinds: ReadonlyMap<string, Problem> = new Map(
  Object.values(problems).map((make) => [make('', '').type, make('', '')]),
);
