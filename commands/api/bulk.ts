/** `POST /commands`: newline-delimited commands in, one outcome a line out, in the same order, both streaming. */
import { once } from 'node:events';
import type { Request, Response } from 'express';
import type { Answer } from '../answer.ts';
import type { Gateway } from './gateway.ts';
import { linesOf } from './lines.ts';
import { parseTyped } from './parse.ts';
import { type Problem, ProblemError, problems } from './problem.ts';

const MAX_LINE_BYTES = 1024 * 1024;
/** Commands of one request that may wait for their outcome at a time; reading stops there. */
const MAX_IN_FLIGHT = 4000;

type LineResult =
  | ({ line: number } & Answer)
  | { line: number; error: Problem }
  | { line: number; commandId: string; outcome: 'unknown' };

export function bulk(gateway: Gateway, now: () => number) {
  return async (request: Request, response: Response): Promise<void> => {
    response.status(200).type('application/x-ndjson');
    response.flushHeaders();
    const inFlight: Promise<LineResult>[] = [];
    let reading = true;
    let wake: () => void = () => {};

    async function write(): Promise<void> {
      while (reading || inFlight.length > 0) {
        const next = inFlight[0];
        if (!next) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
          continue;
        }
        const result = await next;
        inFlight.shift();
        if (response.destroyed) return;
        if (!response.write(`${JSON.stringify(result)}\n`)) await once(response, 'drain');
        wakeReader();
      }
    }

    let wakeReader: () => void = () => {};
    const writing = write();
    try {
      for await (const lines of linesOf(request, MAX_LINE_BYTES)) {
        for (const line of lines) inFlight.push(settle(line.number, line.text, gateway, now()));
        wake();
        while (inFlight.length > MAX_IN_FLIGHT && !response.destroyed) {
          await new Promise<void>((resolve) => {
            wakeReader = resolve;
          });
        }
      }
    } finally {
      reading = false;
      wake();
    }
    await writing;
    response.end();
  };
}

/** Never rejects: whatever is wrong with one line is said on that line. */
async function settle(line: number, text: string | undefined, gateway: Gateway, now: number): Promise<LineResult> {
  try {
    if (text === undefined)
      return { line, error: problems.tooLarge(`the line is longer than ${MAX_LINE_BYTES} bytes`) };
    const command = parseTyped(text, now);
    const answer = await gateway.send(command);
    return answer ? { line, ...answer } : { line, commandId: command.data.commandId, outcome: 'unknown' };
  } catch (error) {
    return { line, error: error instanceof ProblemError ? error.problem : problems.internal() };
  }
}
