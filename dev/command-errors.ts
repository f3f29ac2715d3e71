import { describeProblem, type Problem } from './command-json.ts';
import { DevError } from './dev-error.ts';

/** The command API can't be reached, or stopped answering. */
export class CommandApiUnreachable extends DevError {
  override name = 'CommandApiUnreachable';

  constructor(url: string, reason: string) {
    super(
      `The command API at ${url} does not answer: ${reason}.`,
      'Start everything with: npm start. Sending the same commands again is safe.',
    );
  }
}

/** The command API refuses to take any commands. */
export class CommandApiRefused extends DevError {
  override name = 'CommandApiRefused';

  constructor(url: string, problem: Problem) {
    super(`The command API at ${url} refused: ${describeProblem(problem)}.`, 'See its log for more.');
  }
}
