/** Where the read API answers; the same server that serves this page. */
export const ENDPOINT = '/graphql';

/** Milliseconds after which a query that has not answered counts as failed. */
const TIMEOUT_MS = 20_000;

/** A GraphQL document with the types of its result and variables, which only the compiler sees. */
export interface Operation<Result, Variables> {
  readonly text: string;
  readonly __types?: (variables: Variables) => Result;
}

/** Declares an operation: `operation<Result, Variables>(...)`, the text as one template literal. */
export function operation<Result, Variables>(text: string): Operation<Result, Variables> {
  return { text };
}

/** Why a query has no answer, in words for the reader; `code` is the API's stable code or the kind of failure. */
export class QueryError extends Error {
  override readonly name = 'QueryError';
  readonly code: string;

  constructor(message: string, code: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The body of an answer, of a query as of a subscription's message. */
export interface Answer<Result> {
  data?: Result | null;
  errors?: { message: string; extensions?: { code?: string } }[];
}

/** The data of an answer. Throws {@link QueryError} if it has errors: half a figure is not shown. */
export function dataOf<Result>(answer: Answer<Result>): Result {
  const [error] = answer.errors ?? [];
  if (error) throw new QueryError(error.message, error.extensions?.code ?? 'ERROR');
  if (answer.data === undefined || answer.data === null) {
    throw new QueryError('The server sent an answer without data.', 'NO_DATA');
  }
  return answer.data;
}

/** Runs one query. Throws {@link QueryError}, or the abort reason if `signal` was aborted. */
export async function query<Result, Variables>(
  { text }: Operation<Result, Variables>,
  variables: Variables,
  signal: AbortSignal,
): Promise<Result> {
  try {
    const response = await fetch(ENDPOINT, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json, application/json' },
      body: JSON.stringify({ query: text, variables }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    if (!response.headers.get('content-type')?.includes('json')) {
      throw new QueryError(`The server answered ${response.status}.`, `HTTP_${response.status}`);
    }
    return dataOf((await response.json()) as Answer<Result>);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof QueryError) throw error;
    if (error instanceof DOMException && error.name === 'TimeoutError') {
      throw new QueryError('The server took too long to answer.', 'TIMEOUT', { cause: error });
    }
    throw new QueryError('The server can’t be reached.', 'NETWORK', { cause: error });
  }
}
