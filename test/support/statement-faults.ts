/**
 * Loaded before a service: has it die or stop at its n-th statement of a kind, by the plan in its arguments. It wraps
 * the client of the database: the product knows nothing of it.
 */
import { writeSync } from 'node:fs';
import pg from 'pg';

/** A statement that the service comes by. */
export interface StatementStep {
  /** A pattern of its text. */
  statement: string;
  /** `sent`: the database has it and works on it; `after`: it is done, and the service does not know yet. */
  at: 'before' | 'sent' | 'after';
  /** When it is reached for the n-th time since the step before. */
  hits: number;
}

/** A signal at the last of some steps. */
export interface StatementFault {
  /** For people. */
  name: string;
  steps: readonly StatementStep[];
  signal: 'SIGKILL' | 'SIGSTOP';
}

type Query = (...args: unknown[]) => unknown;

const fault: StatementFault | undefined = JSON.parse(process.argv[2] ?? 'null') ?? undefined;
if (fault) install(fault);

function install({ name, steps, signal }: StatementFault): void {
  const left = steps.map((step) => ({ ...step, pattern: new RegExp(step.statement) }));
  let hits = 0;

  function reach(text: string, at: StatementStep['at']): void {
    const next = left[0];
    if (!next || next.at !== at || !next.pattern.test(text)) return;
    hits += 1;
    if (hits < next.hits) return;
    hits = 0;
    left.shift();
    if (left.length > 0) return;
    writeSync(1, `${JSON.stringify({ failpoint: name })}\n`);
    process.kill(process.pid, signal);
  }

  const prototype = pg.Client.prototype as unknown as { query: Query };
  const real = prototype.query;
  prototype.query = function query(this: unknown, ...args: unknown[]): unknown {
    const [statement] = args;
    const text = typeof statement === 'string' ? statement : String((statement as { text?: string })?.text ?? '');
    reach(text, 'before');
    const callback = args[args.length - 1];
    if (typeof callback === 'function') {
      args[args.length - 1] = (...results: unknown[]) => {
        reach(text, 'after');
        callback(...results);
      };
    }
    const result = real.apply(this, args);
    // What was written is with the kernel by the next turn of the event loop.
    setImmediate(() => reach(text, 'sent'));
    if (!(result instanceof Promise)) return result;
    return result.then((value) => {
      reach(text, 'after');
      return value;
    });
  };
}
