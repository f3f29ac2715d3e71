import type { RequestHandler } from 'express';
import { GRAPHQL_PATH } from './graphql.ts';

const common = [
  "default-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
];

/** The charts write style attributes and draw exports through blob: and data: images. */
const dashboardPolicy = [...common, "style-src 'self' 'unsafe-inline'", "img-src 'self' data: blob:"].join('; ');

/** GraphiQL is one page with everything inside, its editor's workers as blobs, its fonts as data. */
const graphiqlPolicy = [
  ...common,
  "script-src 'self' 'unsafe-inline' blob:",
  "worker-src 'self' blob:",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self' data:",
].join('; ');

/** Headers that keep a browser from doing more with these pages than they need. */
export const securityHeaders: RequestHandler = (request, response, next) => {
  response.set({
    'Content-Security-Policy': request.path === GRAPHQL_PATH ? graphiqlPolicy : dashboardPolicy,
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
  });
  next();
};
