/** The GraphQL endpoint: schema, limits, snapshots, errors. */
import { renderGraphiQL } from '@graphql-yoga/render-graphiql';
import { createYoga, maskError, type Plugin } from 'graphql-yoga';
import type pg from 'pg';
import type { Logger } from '../platform/logger.ts';
import { asOf } from './as-of.ts';
import type { Context, Services } from './context.ts';
import { graphiqlTabs } from './graphiql-tabs.ts';
import { limitsRule, MAX_TOKENS } from './limits.ts';
import { buildSchema } from './schema.ts';
import { openSnapshot } from './snapshot.ts';

export const GRAPHQL_PATH = '/graphql';

/** A request handler for Node's http and Express. */
export function createGraphQL(options: { pool: pg.Pool; services: Services; logger: Logger }) {
  const { pool, services, logger } = options;
  const isDev = services.config.mode === 'development';
  return createYoga<object, Context>({
    schema: buildSchema(),
    context: ({ request }): Context => ({
      ...services,
      asOf: null,
      snapshot: openSnapshot(pool),
      gone: request.signal,
    }),
    plugins: [limits, oneSnapshotPerRequest, asOf],
    graphqlEndpoint: GRAPHQL_PATH,
    landingPage: false,
    multipart: false,
    cors: false,
    logging: false,
    graphiql: { title: 'Sales analytics', defaultTabs: graphiqlTabs, subscriptionsProtocol: 'GRAPHQL_SSE' },
    renderGraphiQL,
    maskedErrors: {
      isDev,
      maskError: (error, message) => {
        const masked = maskError(error, message, isDev);
        if (masked !== error) logger.error({ err: error }, 'a query failed');
        return masked;
      },
    },
  });
}

const limits: Plugin = {
  onParse: ({ parseFn, setParseFn }) =>
    setParseFn((source, options) => parseFn(source, { ...options, maxTokens: MAX_TOKENS })),
  onValidate: ({ addValidationRule }) => addValidationRule(limitsRule),
};

/** The snapshot opens with the first statement of a query and closes when all its fields are there. */
const oneSnapshotPerRequest: Plugin<Context> = {
  onExecute: ({ args }) => ({ onExecuteDone: () => args.contextValue.snapshot.close() }),
};
