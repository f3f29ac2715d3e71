/** Which projections an operation is about. */
import { projections } from '../catalogue.ts';
import type { Generation, GenerationStatus } from '../generations.ts';
import { liveWindow } from '../live.ts';
import type { Kept } from '../sql.ts';
import { OperationError } from './execution.ts';

/** All that have generations: every projection, and the live window. */
export const everything: readonly Kept['projection'][] = [...projections, liveWindow];

/** The projections by the names in `given.projections`. Throws {@link OperationError} on one that there is not. */
export function projectionsIn(given: Readonly<Record<string, unknown>>): Kept['projection'][] {
  const names = Array.isArray(given.projections) ? given.projections : [];
  if (names.length === 0) throw new OperationError('no projection was named');
  return names.map((name) => {
    const found = everything.find((projection) => projection.name === name);
    if (found) return found;
    const known = everything.map((projection) => projection.name).join(', ');
    throw new OperationError(`there is no projection ${name}; there are ${known}`);
  });
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
