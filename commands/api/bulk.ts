/** `POST /commands`: newline-delimited commands in, one outcome a line out, in the same order, both streaming. */
import { once } from 'node:events';
import type { Request, Response } from 'express';
import type { Answer } from '../answer.ts';
import type { Gateway } from './gateway.ts';
import { type Line, linesOf } from './lines.ts';
import { parseTyped } from './parse.ts';
import { type Problem, ProblemError, problems } from './problem.ts';

const MAX_LINE_BYTES = 1024 * 1024;
/** What one request may have waiting for outcomes; reading stops there. */
const MAX_IN_FLIGHT = { commands: 10_000, characters: 32e6 };

type LineResult =
  | ({ line: number } & Answer)
  | { line: number; error: Problem }
  | { line: number; commandId: string; outcome: 'unknown' };

interface InFlight {
  result: Promise<LineResult>;
  characters: number;
}

export function bulk(gateway: Gateway, now: () => number) {
  return async (request: Request, response: Response): Promise<void> => {
    if (request.headers['content-encoding']) {
      throw new ProblemError(problems.mediaType('send the lines without content-encoding'));
    }
    response.status(200).type('application/x-ndjson');
    response.flushHeaders();
    const queue: InFlight[] = [];
    let characters = 0;
    let reading = true;
    const added = createSignal();
    const taken = createSignal();
    const gone = once(response, 'close').then(() => {
      added.fire();
      taken.fire();
    });

    /** Writes outcomes in order, each when it is there. */
    async function write(): Promise<void> {
      while (!response.destroyed && (reading || queue.length > 0)) {
        const next = queue[0];
        if (!next) {
          await added.wait();
          continue;
        }
        const text = JSON.stringify(await next.result);
        queue.shift();
        characters -= next.characters;
        taken.fire();
        if (!response.destroyed && !response.write(`${text}\n`)) await Promise.race([once(response, 'drain'), gone]);
      }
    }

    const writing = write();
    try {
      for await (const lines of linesOf(request, MAX_LINE_BYTES)) {
        for (const line of lines) {
          const length = line.text?.length ?? 0;
          queue.push({ result: settle(line, gateway, now()), characters: length });
          characters += length;
        }
        added.fire();
        while (isFull(queue.length, characters) && !response.destroyed) await taken.wait();
      }
    } finally {
      reading = false;
      added.fire();
    }
    await writing;
    response.end();
  };
}

function isFull(commands: number, characters: number): boolean {
  return commands > MAX_IN_FLIGHT.commands || characters > MAX_IN_FLIGHT.characters;
}

/** Lets one side wait until the other has done something. */
function createSignal(): { wait(): Promise<void>; fire(): void } {
  let fire = () => {};
  return {
    wait: () =>
      new Promise((resolve) => {
        fire = resolve;
      }),
    fire: () => fire(),
  };
}

/** Never rejects: whatever is wrong with one line is said on that line. */
async function settle({ number: line, text }: Line, gateway: Gateway, now: number): Promise<LineResult> {
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
