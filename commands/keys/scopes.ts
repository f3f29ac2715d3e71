/** What an API key may do. */
import type { CommandType } from '../../schemas/catalogue.ts';

export const scopes = [
  'commands:write',
  'commands:read',
  'sales:write',
  'returns:write',
  'refunds:write',
  'voids:write',
] as const;

export type Scope = (typeof scopes)[number];

/** The scope that sending a command of this type needs; `commands:write` covers them all. */
export const scopeOf: Readonly<Record<CommandType, Scope>> = {
  RecordSale: 'sales:write',
  RecordReturn: 'returns:write',
  RefundSale: 'refunds:write',
  VoidSale: 'voids:write',
};

/** All that follows from what was granted. Words that are no scope of this version grant nothing. */
export function granted(names: readonly string[]): ReadonlySet<Scope> {
  const known = scopes.filter((scope) => names.includes(scope));
  return new Set(known.includes('commands:write') ? [...known, ...Object.values(scopeOf)] : known);
}
