/** `GET /commands/{commandId}`: what the log says about a command. */
import { setTimeout as delay } from 'node:timers/promises';
import type { RequestHandler } from 'express';
import { looksLikePlace } from '../../domain/command-id.ts';
import { isCommandId, limits } from '../../domain/violations.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Answer } from '../answer.ts';
import { ProblemError, problems } from './problem.ts';

/** How long a look-up may take. */
const PATIENCE_MS = 3000;

/** `find` rejects when what it asks is away. */
export function status(find: (commandId: string) => Promise<Answer | undefined>, logger: Logger): RequestHandler {
  return async (request, response) => {
    const commandId = String(request.params[0]);
    if (!isCommandId(commandId) && !looksLikePlace(commandId)) {
      const detail = `a command id has 1 to ${limits.commandIdLength} characters, none of them a control character`;
      throw new ProblemError(problems.badRequest(detail));
    }
    const answer = await Promise.race([find(commandId), tooLate()]).catch((error) => {
      logger.warn({ err: error }, 'outcome could not be looked up');
      throw new ProblemError(problems.unavailable('Outcomes can not be looked up now. Ask again.'));
    });
    if (!answer) throw new ProblemError(problems.notDecided(nothingYet(commandId)));
    response.set('Cache-Control', 'no-store').json(answer);
  };
}

async function tooLate(): Promise<never> {
  await delay(PATIENCE_MS, undefined, { ref: false });
  throw new Error(`no answer within ${PATIENCE_MS} ms`);
}

function nothingYet(commandId: string): string {
  return (
    `The log has no outcome of command ${commandId}. It may still wait, was never received, or repeats what stands ` +
    'under another command id; what is decided shows here within a second. Sending it again is safe, and tells.'
  );
}
