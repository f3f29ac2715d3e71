/** `POST /sales` and the others that take one command: the outcome is the answer, when it comes in time. */
import type { RequestHandler } from 'express';
import type { CommandType } from '../../schemas/catalogue.ts';
import type { Answer } from '../answer.ts';
import type { Gateway } from './gateway.ts';
import { idempotencyKeyOf, withCommandId } from './idempotency-key.ts';
import { textOf } from './media.ts';
import { parseCommand, parseJson } from './parse.ts';
import { type Problem, sendProblem } from './problem.ts';
import { statusPath } from './routes.ts';

/** What a client is told about a command whose outcome did not come in time: it may still come. */
export interface Unknown {
  commandId: string;
  outcome: 'unknown';
  detail: string;
  /** Path where the outcome is asked for. */
  status: string;
}

/** The command id may be that of another command that was accepted, or the command may repeat one of another id. */
export const unknownDetail =
  'Not decided in time: it may take effect yet. The status path tells what is kept under this command id, which can be ' +
  'the outcome of another command that was sent under it, or none if this one repeats what was accepted before. If it ' +
  'matters, send the same command again: that is safe, and tells the outcome of this one.';

export function single(type: CommandType, gateway: Gateway, now: () => number): RequestHandler {
  return async (request, response) => {
    const key = idempotencyKeyOf(request);
    const command = parseCommand(type, withCommandId(parseJson(textOf(request)), key), now());
    const answer = await gateway.send(command);
    if (!answer) {
      const unknown = unknownOutcome(command.data.commandId);
      response.status(202).set({ Location: unknown.status, 'Retry-After': '1' }).json(unknown);
    } else if (answer.outcome === 'rejected') {
      sendProblem(response, refusal(answer), answer);
    } else {
      response.status(answer.repeated ? 200 : 201).json(answer);
    }
  };
}

function unknownOutcome(commandId: string): Unknown {
  return { commandId, outcome: 'unknown', detail: unknownDetail, status: statusPath(commandId) };
}

function refusal({ code, detail = '' }: Answer): Problem {
  return { type: 'rejected', title: 'The command was refused', status: code === 'INVALID' ? 422 : 409, detail };
}
