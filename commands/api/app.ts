/** The command API: an Express application that can be tested without listening. */
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import type { Logger } from '../../platform/logger.ts';
import { type CommandType, commandTypes } from '../../schemas/catalogue.ts';
import { scopeOf } from '../keys/scopes.ts';
import type { Outcomes } from '../state/outcomes.ts';
import { type Admission, admit, authorize, MAX_TEXT_BYTES } from './admission.ts';
import { bulk } from './bulk.ts';
import { docs } from './docs.ts';
import type { Gateway } from './gateway.ts';
import { gives, jsonBody, sameOrigin, takes } from './media.ts';
import type { ApiMeters } from './metrics.ts';
import { openApiDocument } from './openapi.ts';
import { ProblemError, problems, sendProblem } from './problem.ts';
import { BULK_PATH, methodsAt, overview, STATUS_PATTERN, singlePaths } from './routes.ts';
import { single } from './single.ts';
import { status } from './status.ts';

export interface CommandApiOptions extends Omit<Admission, 'meters'> {
  gateway: Gateway;
  outcomes: Outcomes;
  logger: Logger;
  meters: ApiMeters;
  /** Milliseconds since 1970; bounds the dates of commands. */
  now(): number;
}

const NDJSON = ['application/x-ndjson', 'application/ndjson', 'application/jsonl', 'text/plain'];

export function createCommandApi(options: CommandApiOptions): Express {
  const { gateway, outcomes, access, logger, meters, now } = options;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('strict routing');
  app.enable('case sensitive routing');
  app.use(meters.requests);
  app.get('/health', (_, response) => void response.json({ status: 'ready' }));
  const document = openApiDocument(access.required);
  app.get('/openapi.json', (_, response) => void response.json(document));
  app.use(docs());
  app.post(BULK_PATH, sameOrigin, gives('application/x-ndjson'), takes(NDJSON, 'one command a line'), bulk(options));
  app.get(
    STATUS_PATTERN,
    authorize('commands:read', access),
    gives('application/json', 'application/problem+json'),
    status(outcomes.find, logger),
  );
  for (const type of commandTypes) app.post(singlePaths[type], ...singleHandlers(type));
  app.use(refuseRest);
  app.use(onError);
  return app;

  function singleHandlers(type: CommandType) {
    const answers = gives('application/json', 'application/problem+json');
    const admitted = admit(scopeOf[type], options);
    return [sameOrigin, answers, admitted, ...jsonBody(MAX_TEXT_BYTES), single(type, gateway, now)];
  }

  function onError(error: unknown, _: Request, response: Response, __: NextFunction): void {
    // The client has gone, or its stream broke: what of it is on its way to the log is decided all the same.
    if (response.headersSent) return void response.destroy();
    const problem = problemOf(error);
    if (problem.status === 500) logger.error({ err: error }, 'request failed');
    sendProblem(response, problem);
  }
}

/** A method that a path does not have, or nothing at all. */
function refuseRest({ method, path }: Request, response: Response): void {
  const methods = methodsAt(path);
  if (methods) response.set('Allow', methods.join(', '));
  if (!methods) sendProblem(response, problems.notFound(`${method} ${path} is nothing here. There are ${overview}.`));
  else if (method === 'OPTIONS') response.status(204).end();
  else sendProblem(response, problems.method(`${path} takes ${methods.join(' and ')}, not ${method}`));
}

function problemOf(error: unknown) {
  if (error instanceof ProblemError) return error.problem;
  const { type, status = 500, message = '' } = error as { type?: string; status?: number; message?: string };
  if (type === 'entity.too.large') {
    return problems.tooLarge(
      `the body is larger than ${MAX_TEXT_BYTES} bytes; send many commands as lines to POST ${BULK_PATH}`,
    );
  }
  if (status === 415) return problems.mediaType(message);
  return status < 500 ? problems.badRequest(`the request can't be read: ${message}`) : problems.internal();
}
