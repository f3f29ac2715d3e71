/** Which operations must not be under way together. */
import type { Operation } from '../operations.ts';

type Asked = Pick<Operation, 'arguments'>;

/** What an operation works on alone: its projections, each once, or the label of its figures. */
export function subjectsOf({ arguments: { projections, label } }: Asked): string[] {
  const names = Array.isArray(projections) ? [...new Set(projections.map(String))].sort() : [];
  return typeof label === 'string' ? [...names, `label ${label}`] : names;
}

export function exclude(one: Asked, other: Asked): boolean {
  const others = subjectsOf(other);
  return subjectsOf(one).some((subject) => others.includes(subject));
}
