/** Which projections an operation is about. */
import type pg from 'pg';
import { projections } from '../catalogue.ts';
import { type Generation, type GenerationStatus, listGenerations } from '../generations.ts';
import { liveWindow } from '../live.ts';
import { openOperations } from '../operations.ts';
import type { Kept } from '../sql.ts';
import { OperationError } from './execution.ts';

/** All that have generations: every projection, and the live window. */
export const everything: readonly Kept['projection'][] = [...projections, liveWindow];

/** The projections by the names in `given.projections`, each once. Throws {@link OperationError} on one that there is not. */
export function projectionsIn(given: Readonly<Record<string, unknown>>): Kept['projection'][] {
  const names = Array.isArray(given.projections) ? given.projections : [];
  if (names.length === 0) throw new OperationError('no projection was named');
  return [...new Set(names)].map((name) => {
    const found = everything.find((projection) => projection.name === name);
    if (found) return found;
    const known = everything.map((projection) => projection.name).join(', ');
    throw new OperationError(`there is no projection ${name}; there are ${known}`);
  });
}

/**
 * Projections without live tables of this version of their code: new ones, and those whose code has changed. The workers
 * leave their tables alone. Those that an open operation rebuilds are not among them.
 */
export async function outdatedProjections(pool: pg.Pool, schema: string): Promise<string[]> {
  const all = await listGenerations(pool, schema);
  const open = await openOperations(pool, schema);
  const asked = open.flatMap(({ arguments: given }) => (Array.isArray(given.projections) ? given.projections : []));
  return everything
    .filter((projection) => !withStatus(all, schema, projection, 'live') && !asked.includes(projection.name))
    .map(({ name }) => name);
}

/** The generation of a projection that has a status, of this version of its code. */
export function withStatus(
  all: readonly Generation[],
  schema: string,
  projection: Kept['projection'],
  status: GenerationStatus,
): Kept | undefined {
  const found = all.find(
    (one) => one.projection === projection.name && one.status === status && one.version === projection.version,
  );
  return found && { projection, schema, generation: found.generation };
}
