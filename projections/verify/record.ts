/** What was verified, to which position vector, when, and what came of it. */
import type pg from 'pg';
import { type AcceptedLoss, describeLoss } from '../accepted-losses.ts';
import { isTable, type Kept, quote } from '../sql.ts';
import type { Verdict } from './verdict.ts';

export async function createVerificationsTable(client: pg.ClientBase, schema: string): Promise<void> {
  await client.query(`create table if not exists ${quote(schema)}.verifications (
    id bigint generated always as identity primary key, projection text not null, generation int not null,
    vector jsonb not null, rows bigint not null, differences bigint not null, first jsonb,
    verified_at timestamptz not null default now())`);
}

export async function recordVerification(pool: pg.Pool, kept: Kept, verdict: Verdict): Promise<void> {
  const { vector, rows, differences, first } = verdict;
  await pool.query(
    `insert into ${quote(kept.schema)}.verifications (projection, generation, vector, rows, differences, first)
     values ($1, $2, $3, $4, $5, $6)`,
    [
      kept.projection.name,
      kept.generation,
      JSON.stringify(Object.fromEntries(vector)),
      rows,
      differences,
      first ? JSON.stringify(first) : null,
    ],
  );
}

/** One line for a person. */
export function describeVerdict(kept: Kept, { rows, differences, first, losses = [] }: Verdict): string {
  const name = `${kept.projection.name} (generation ${kept.generation})`;
  const [place, what, none] = isTable(kept) ? ['table', 'rows', 'no row'] : ['window', 'figures', 'nothing'];
  if (!first) return `${name}: ${rows} ${what} are as the log says.`;
  const side = (values: object | null) => (values ? JSON.stringify(values) : none);
  return (
    `${name}: ${differences} of ${rows} ${what} differ from the log. The first is ${JSON.stringify(first.key)}: the ${place} ` +
    `has ${side(first.kept)}, the log says ${side(first.log)}. Events that touch it: ${first.events.join(', ') || 'none'}.${lossesOf(kept, place, losses)}`
  );
}

function lossesOf({ projection }: Kept, place: string, losses: readonly AcceptedLoss[]): string {
  if (losses.length === 0) return '';
  const places = [...new Set(losses.map(describeLoss))].join(', ');
  return (
    ` The log has lost ${places}, which was accepted, and the ${place} keeps what it had of that; a rebuild makes them ` +
    `equal: sales projection rebuild ${projection.name}.`
  );
}
