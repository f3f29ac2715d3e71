/** The `Idempotency-Key` header (draft-ietf-httpapi-idempotency-key-header): it is the command id. */
import type { Request } from 'express';
import { commandIdViolation } from '../../domain/violations.ts';
import { ProblemError, problems } from './problem.ts';

/** As a bare text or, as the draft has it, a quoted string. Undefined when none was sent; throws {@link ProblemError}. */
export function idempotencyKeyOf({ headersDistinct }: Request): string | undefined {
  const [header, ...others] = headersDistinct['idempotency-key'] ?? [];
  if (header === undefined) return undefined;
  if (others.length > 0) throw refused('was sent more than once');
  if (!/^[\x20-\x7e]*$/.test(header)) throw refused('has other characters than ASCII; send such ids as commandId');
  const key = header.startsWith('"') ? unquoted(header) : header;
  if (key === undefined) throw refused('begins with a quote, but is no quoted string such as "a-1"');
  const violation = commandIdViolation(key);
  if (violation) throw refused(violation.detail);
  return key;
}

/** For streams, whose commands can't all have one id. Throws {@link ProblemError} when one was sent. */
export function refuseIdempotencyKey({ headers }: Request): void {
  if (headers['idempotency-key'] === undefined) return;
  throw refused('names one command, and a stream has many: give each line its own commandId');
}

/** The body with the key as its `commandId`. Throws {@link ProblemError} when it has another one already. */
export function withCommandId(body: unknown, key: string | undefined): unknown {
  if (key === undefined || typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  if ('commandId' in body && body.commandId !== key) {
    const detail = 'differs from the Idempotency-Key header, which names the command as well; send one of them';
    throw new ProblemError(problems.invalid(detail, '/commandId'));
  }
  return { ...body, commandId: key };
}

/** The content of a string of RFC 8941. */
function unquoted(header: string): string | undefined {
  const [, content] = /^"((?:[^"\\]|\\["\\])*)"$/.exec(header) ?? [];
  return content?.replace(/\\(.)/g, '$1');
}

function refused(what: string): ProblemError {
  return new ProblemError(problems.badRequest(`the Idempotency-Key header ${what}`));
}
