/** Errors as RFC 9457 problem details: what was wrong, where, and what to do. */
export interface Problem {
  /** Stable name of the kind of problem. */
  type: string;
  title: string;
  status: number;
  detail: string;
  /** JSON pointer to the bad field. */
  pointer?: string;
}

export class ProblemError extends Error {
  override name = 'ProblemError';
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

export const problems = {
  malformed: (detail: string): Problem => ({ type: 'malformed-json', title: 'Not valid JSON', status: 400, detail }),
  invalid: (detail: string, pointer: string): Problem => ({
    type: 'invalid-command',
    title: 'The command is not valid',
    status: 422,
    detail,
    pointer,
  }),
  tooLarge: (detail: string): Problem => ({ type: 'too-large', title: 'Too large', status: 413, detail }),
  notFound: (detail: string): Problem => ({ type: 'not-found', title: 'Not found', status: 404, detail }),
  mediaType: (detail: string): Problem => ({
    type: 'media-type',
    title: 'Unsupported media type',
    status: 415,
    detail,
  }),
  unavailable: (detail: string): Problem => ({ type: 'unavailable', title: 'Not available now', status: 503, detail }),
  internal: (): Problem => ({
    type: 'internal',
    title: 'Internal error',
    status: 500,
    detail: 'Something went wrong here. Sending the same command again is safe.',
  }),
} as const;
