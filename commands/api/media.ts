/** What clients may send and what they get, checked before anything is done. */
import express, { type Request, type RequestHandler } from 'express';
import { ProblemError, problems } from './problem.ts';

/** The body of a single command as bytes, inflated, and no larger than `limit` bytes. */
export function jsonBody(limit: number): RequestHandler[] {
  return [takes(['application/json'], 'the command as JSON'), express.raw({ limit, type: () => true })];
}

/** Refuses with 415 what is sent as none of `types`, the first of which is recommended. */
export function takes(types: string[], what: string): RequestHandler {
  return (request, _, next) => {
    const header = request.headers['content-type'];
    const charset = /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(header ?? '')?.[1];
    if (charset && !/^utf-?8$/i.test(charset)) {
      throw new ProblemError(problems.mediaType(`send ${what} in UTF-8, not in ${charset}`));
    }
    if (header !== undefined && request.is(types) === false) {
      throw new ProblemError(problems.mediaType(`send ${what}, content-type: ${types[0]}, not ${header}`));
    }
    next();
  };
}

/** Refuses with 406 whom none of `types` suits. */
export function gives(...types: string[]): RequestHandler {
  return (request, _, next) => {
    if (request.accepts(types) === false) {
      const detail = `answers are ${types.join(' or ')}, but accept: ${request.headers.accept} leaves that out`;
      throw new ProblemError(problems.notAcceptable(detail));
    }
    next();
  };
}

/** Refuses what a page of another site has a browser send: no reader of that page meant to record a sale. */
export const sameOrigin: RequestHandler = (request, _, next) => {
  const { origin, host } = request.headers;
  if (origin !== undefined && !isOriginOf(origin, host)) {
    throw new ProblemError(problems.crossSite(`a page of ${origin} can't send commands to ${host}`));
  }
  next();
};

function isOriginOf(origin: string, host: string | undefined): boolean {
  return URL.canParse(origin) && new URL(origin).host === host;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The body as text. Throws {@link ProblemError} when it is not UTF-8. */
export function textOf({ body }: Request): string {
  try {
    return utf8.decode(body);
  } catch {
    throw new ProblemError(problems.malformed('the body is not UTF-8'));
  }
}
