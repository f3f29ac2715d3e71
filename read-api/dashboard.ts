import { existsSync } from 'node:fs';
import { join } from 'node:path';
import express, { type RequestHandler } from 'express';

const HOW_TO_BUILD = `The dashboard has not been built yet.

Build it with:  npx vite build dashboard
(npm start does that by itself.) Then reload this page.

The GraphQL API is at /graphql.
`;

/**
 * The built dashboard. Files under assets/ carry a hash of their content in their name and may be kept for ever; the
 * page itself is asked for again every time.
 */
export function serveDashboard(folder: string): RequestHandler[] {
  const files = express.static(folder, {
    index: 'index.html',
    setHeaders: (response, path) => {
      const hashed = path.startsWith(join(folder, 'assets'));
      response.setHeader('Cache-Control', hashed ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
  const explain: RequestHandler = (request, response, next) => {
    if (request.path !== '/' || existsSync(join(folder, 'index.html'))) return next();
    response.status(503).type('text').set('Cache-Control', 'no-store').send(HOW_TO_BUILD);
  };
  return [files, explain];
}
