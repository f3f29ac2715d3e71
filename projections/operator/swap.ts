/** The short operations on generations: promote, rollback, drop. */
import { dropGenerations, promote as makeLive } from '../generation-changes.ts';
import { listGenerations } from '../generations.ts';
import type { Kept } from '../sql.ts';
import { type Execute, type Execution, OperationError } from './execution.ts';
import { dropLeftWindows } from './live-windows.ts';
import { projectionsIn, withStatus } from './names.ts';
import { proveAll } from './prove.ts';

/** Makes ready generations live, after another proof. `projections`: names. */
export const promote: Execute = async (given, execution) => {
  const generations = await allWith('ready', given, execution);
  const verified = await proveAll(generations, execution, 'It was not promoted.');
  execution.report({ step: 'promoting' });
  const outcome = { generations: numbers(generations), verified };
  await makeLive(execution.pool, execution.names.postgres.read, generations, (client) =>
    execution.finish(client, outcome),
  );
  await dropLeftWindows(execution);
  return outcome;
};

/** Makes the previous generations live again, after another proof: nobody has looked at them since. `projections`: names. */
export const rollback: Execute = async (given, execution) => {
  const generations = await allWith('previous', given, execution);
  const verified = await proveAll(generations, execution, 'What is live stays live.');
  execution.report({ step: 'swapping' });
  const outcome = { generations: numbers(generations), verified };
  await makeLive(execution.pool, execution.names.postgres.read, generations, (client) =>
    execution.finish(client, outcome),
  );
  return outcome;
};

/** Removes what is not live. `projections`: names. */
export const drop: Execute = async (given, execution) => {
  const { pool, names } = execution;
  const schema = names.postgres.read;
  const all = await listGenerations(pool, schema);
  const dropped = projectionsIn(given).flatMap((projection) =>
    all
      // What is kept under a label goes with its label, also while it is being made.
      .filter((one) => one.projection === projection.name && one.label === null && one.status !== 'live')
      .map(({ generation }): Kept => ({ projection, schema, generation })),
  );
  const outcome = { dropped: dropped.map(({ projection, generation }) => `${projection.name} ${generation}`) };
  await dropGenerations(pool, schema, dropped, (client) => execution.finish(client, outcome));
  await dropLeftWindows(execution);
  return outcome;
};

async function allWith(
  status: 'ready' | 'previous',
  given: Readonly<Record<string, unknown>>,
  { pool, names }: Execution,
): Promise<Kept[]> {
  const schema = names.postgres.read;
  const all = await listGenerations(pool, schema);
  return projectionsIn(given).map((projection) => {
    const found = withStatus(all, schema, projection, status);
    if (found) return found;
    const advice = status === 'ready' ? 'rebuild it first' : 'there is nothing to go back to';
    throw new OperationError(`projection ${projection.name} has no ${status} generation; ${advice}`);
  });
}

function numbers(generations: readonly Kept[]): Record<string, number> {
  return Object.fromEntries(generations.map(({ projection, generation }) => [projection.name, generation]));
}
