/** How a command ends: exit codes, and errors as a person or a program reads them. */
import { CommandApiUnreachable } from '../dev/command-errors.ts';
import { DevError } from '../dev/dev-error.ts';
import { ConfigError } from '../platform/config.ts';
import { KafkaUnreachable, PostgresUnreachable, RedisUnreachable } from './services.ts';
import { WrongArguments } from './wrong-arguments.ts';

export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  /** It ran to its end, but something could not be taken or was not as it should be; the output says what. */
  incomplete: 3,
  unreachable: 4,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export const exitCodesHelp = `
Exit codes:
  0    done
  1    failed
  2    wrong arguments or settings
  3    done, but something could not be taken or was not as it should be: the output says what
  4    a service can't be reached
  130  interrupted`;

/** Writes an error to standard error, one line of JSON on request, and gives the exit code that goes with it. */
export function explain(error: unknown, json: boolean): ExitCode {
  const exitCode = codeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  if (json) process.stderr.write(`${JSON.stringify({ error: message, exitCode })}\n`);
  else process.stderr.write(`sales: ${known(error) ? message : stackOf(error)}\n`);
  return exitCode;
}

const unreachable = [CommandApiUnreachable, PostgresUnreachable, KafkaUnreachable, RedisUnreachable];

function codeOf(error: unknown): ExitCode {
  if (unreachable.some((kind) => error instanceof kind)) return exitCodes.unreachable;
  if (error instanceof ConfigError || error instanceof WrongArguments) return exitCodes.usage;
  return exitCodes.failed;
}

/** Errors that say all there is to say; of the others the stack is wanted. */
function known(error: unknown): boolean {
  return error instanceof DevError || error instanceof ConfigError;
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
