/** What became of an operation, as a person reads it. */
import type { Operation, OperationKind } from '../../projections/operations.ts';
import { describeSeconds, formatCount } from '../progress.ts';

type Outcome = Readonly<Record<string, unknown>>;
type Numbers = Record<string, number>;

const sentences: Record<OperationKind, (outcome: Outcome) => string> = {
  rebuild: ({ events, seconds, generations, promoted }) =>
    `Rebuilt from ${formatCount(Number(events))} events in ${describeSeconds(Number(seconds))}, proven equal to the log, ` +
    `and ${promoted ? 'live' : 'ready to be promoted'}: ${each(generations)}.`,
  promote: ({ generations }) => `Proven equal to the log, and live: ${each(generations)}.`,
  rollback: ({ generations }) => `Proven equal to the log, and live again: ${each(generations)}.`,
  drop: ({ dropped }) =>
    list(dropped).length > 0 ? `Removed: ${list(dropped).join(', ')}.` : 'There was nothing to remove.',
  'as-of': ({ label, vector }) =>
    `Kept as ${label}, made of ${formatCount(total(vector))} events and proven equal to the log. ` +
    `Read it in GraphQL with: query @asOf(label: "${label}") { … }`,
  'drop-as-of': ({ dropped }) => `Removed ${dropped}.`,
  'dlq-retry': ({ retried, left, lost, replaced }) =>
    [
      `${counted(Number(retried))} folded in.`,
      ...(Number(left) > 0 ? [`${counted(Number(left))} stayed parked (sales dlq show).`] : []),
      ...(list(lost).length > 0 ? [`The log has lost ${list(lost).join(', ')}.`] : []),
      ...(list(replaced).length > 0 ? [`Another event stands in the log at ${list(replaced).join(', ')}.`] : []),
    ].join(' '),
  'dlq-discard': ({ discarded }) => `Done without from now on: ${list(discarded).join(', ')}.`,
  'accept-loss': ({ partition, from, to, advice }) =>
    Number(to) > Number(from)
      ? `Partition ${partition} goes on without ${counted(Number(to) - Number(from))}: ${from} to ${Number(to) - 1}.`
      : `Partition ${partition} goes on at ${from}. ${advice}`,
};

export function describeOutcome({ kind, outcome }: Pick<Operation, 'kind' | 'outcome'>): string {
  return `${sentences[kind](outcome ?? {})}\n`;
}

function each(generations: unknown): string {
  const all = Object.entries(generations as Numbers);
  return all.map(([name, generation]) => `${name} ${generation}`).join(', ');
}

function total(vector: unknown): number {
  return Object.values(vector as Numbers).reduce((sum, next) => sum + next, 0);
}

function counted(count: number): string {
  return count === 1 ? '1 event' : `${formatCount(count)} events`;
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
