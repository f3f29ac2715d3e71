/** An operation whose operators are killed one after the other. */
import { expect } from 'chai';
import { findOperation, type Operation, type OperationKind, requestOperation } from '../../projections/operations.ts';
import { everything } from '../../projections/operator/names.ts';
import { untilEnded } from './operator.ts';
import { startProjectionProcess } from './projection-process.ts';
import type { Bench } from './projection-worker.ts';
import { until } from './services.ts';
import type { StatementFault, StatementStep } from './statement-faults.ts';

export const kill = (name: string, ...steps: Partial<StatementStep>[]): StatementFault => ({
  name,
  signal: 'SIGKILL',
  steps: steps.map((step) => ({ statement: '', at: 'after', hits: 1, ...step })),
});

const DIES_WITHIN_MS = 90_000;
const DONE_WITHIN_MS = 120_000;

export interface Survived {
  operation: Operation;
  /** How many events all tables had when an operator died while it folded, and where the next one said it was, each time. */
  resumed: { committed: number; began: number }[];
}

/** Asks for an operation on everything, has an operator die at each of the faults in their order, and lets the last one end it. */
export async function operateThrough(
  bench: Bench,
  kind: OperationKind,
  faults: readonly StatementFault[],
): Promise<Survived> {
  const { pool, schema, config } = bench;
  const id = await requestOperation(pool, schema, kind, { projections: everything.map(({ name }) => name) });
  const resumed: Survived['resumed'] = [];
  let committed = 0;
  for (const fault of faults) {
    await pool.query(`update ${schema}.operations set progress = null where id = $1`, [id]);
    const operator = await startProjectionProcess(config, 'operator', fault);
    let began: number | undefined;
    await until(
      `an operator dies ${fault.name}`,
      async () => {
        began ??= (await findOperation(pool, schema, id))?.progress?.done;
        return operator.hasEnded();
      },
      DIES_WITHIN_MS,
    );
    expect({ met: operator.met, ended: await operator.ended }, operator.output()).to.deep.equal({
      met: [fault.name],
      ended: 'SIGKILL',
    });
    if (committed > 0 && began !== undefined) resumed.push({ committed, began });
    committed = await foldedEvents(bench);
  }
  const last = await startProjectionProcess(config, 'operator');
  const operation = await last.whileRuns(untilEnded(bench, id, DONE_WITHIN_MS));
  await last.stop();
  return { operation, resumed };
}

/** How far the tables are that are being filled, all partitions added up; 0 when there are none. */
async function foldedEvents({ pool, schema }: Bench): Promise<number> {
  const { rows } = await pool.query<{ next: number }>(
    `select min(next_offset) as next from ${schema}.checkpoints join ${schema}.generations using (projection, generation)
     where status = 'building' group by partition`,
  );
  return rows.reduce((sum, { next }) => sum + next, 0);
}
