/** The command API: an Express application that can be tested without listening. */
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import type { Logger } from '../../platform/logger.ts';
import type { CommandType } from '../../schemas/catalogue.ts';
import { bulk } from './bulk.ts';
import type { Gateway } from './gateway.ts';
import { parseCommand, parseJson } from './parse.ts';
import { type Problem, ProblemError, problems } from './problem.ts';

export interface CommandApiOptions {
  gateway: Gateway;
  logger: Logger;
  /** Milliseconds since 1970; bounds the dates of commands. */
  now(): number;
}

const MAX_BODY = '1mb';
const bodyTooLarge = `the body is larger than ${MAX_BODY}; send many commands as lines to POST /commands`;

export function createCommandApi({ gateway, logger, now }: CommandApiOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.get('/health', (_, response) => void response.json({ status: 'ready' }));
  app.post('/commands', bulk(gateway, now));
  const text = express.text({ limit: MAX_BODY, type: ['application/json', 'text/plain'] });
  app.post('/sales', text, single('RecordSale'));
  app.post('/returns', text, single('RecordReturn'));
  app.use((request, response) => {
    const detail = `${request.method} ${request.path} is nothing here. There are POST /sales, /returns and /commands.`;
    sendProblem(response, problems.notFound(detail));
  });
  app.use(onError);
  return app;

  function single(type: CommandType) {
    return async (request: Request, response: Response): Promise<void> => {
      if (typeof request.body !== 'string') {
        throw new ProblemError(problems.mediaType('send the command as JSON, content-type: application/json'));
      }
      const command = parseCommand(type, parseJson(request.body), now());
      const { commandId } = command.data;
      const answer = await gateway.send(command);
      if (!answer) {
        response
          .status(202)
          .json({ commandId, outcome: 'unknown', detail: 'Not decided in time. Sending it again is safe.' });
      } else if (answer.outcome === 'rejected') {
        const status = answer.code === 'CONFLICT' ? 409 : 422;
        const detail = answer.detail ?? 'the command was refused';
        sendProblem(response, { type: 'rejected', title: 'The command was refused', status, detail, ...answer });
      } else {
        response.status(answer.repeated ? 200 : 201).json(answer);
      }
    };
  }

  function sendProblem(response: Response, problem: Problem): void {
    response.status(problem.status).type('application/problem+json').send(JSON.stringify(problem));
  }

  function onError(error: unknown, _: Request, response: Response, __: NextFunction): void {
    const { type, status = 500 } = error as { type?: string; status?: number };
    // The client has gone, or its stream broke: what it sent whole is decided all the same.
    if (response.headersSent) response.destroy();
    else if (error instanceof ProblemError) sendProblem(response, error.problem);
    else if (type === 'entity.too.large') sendProblem(response, problems.tooLarge(bodyTooLarge));
    else if (status < 500) sendProblem(response, { ...problems.malformed(messageOf(error)), status });
    else {
      logger.error({ err: error }, 'request failed');
      sendProblem(response, problems.internal());
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
