import { type ASTNode, GraphQLError } from 'graphql';

/** The values of `extensions.code`. They are part of the API: a client may decide by them. */
export type ErrorCode =
  | 'BAD_USER_INPUT'
  | 'NOT_FOUND'
  | 'RANGE_TOO_LARGE'
  | 'QUERY_TOO_COMPLEX'
  | 'LIVE_UNAVAILABLE'
  | 'DATABASE_UNAVAILABLE'
  | 'NOT_READY';

/** An error that the client sees as it is, in production too: `message` says what to do. The cause stays here, for logs. */
export function apiError(
  code: ErrorCode,
  message: string,
  { cause, nodes }: { cause?: unknown; nodes?: ASTNode } = {},
): GraphQLError {
  const error = new GraphQLError(message, { nodes, extensions: { code } });
  Object.defineProperty(error, 'cause', { value: cause, enumerable: false });
  return error;
}

/** An argument is wrong: BAD_USER_INPUT. */
export function badInput(message: string): GraphQLError {
  return apiError('BAD_USER_INPUT', message);
}
