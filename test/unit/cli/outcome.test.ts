import { expect } from 'chai';
import { describeOutcome } from '../../../cli/projection/outcome.ts';
import type { OperationKind } from '../../../projections/operations.ts';

const said: [OperationKind, Record<string, unknown>, string][] = [
  [
    'rebuild',
    { events: 10_204, seconds: 8, generations: { sales: 2, revenue: 3 }, promoted: true },
    'Rebuilt from 10,204 events in 8 s, proven equal to the log, and live: sales 2, revenue 3.',
  ],
  ['promote', { generations: { sales: 2 }, verified: { sales: 10 } }, 'Proven equal to the log, and live: sales 2.'],
  ['rollback', { generations: { sales: 1 } }, 'Proven equal to the log, and live again: sales 1.'],
  ['drop', { dropped: ['sales 1', 'revenue 1'] }, 'Removed: sales 1, revenue 1.'],
  ['drop', { dropped: [] }, 'There was nothing to remove.'],
  [
    'as-of',
    { label: 'year_end', vector: { 0: 1200, 1: 34 }, verified: {} },
    'Kept as year_end, made of 1,234 events and proven equal to the log. ' +
      'Read it in GraphQL with: query @asOf(label: "year_end") { … }',
  ],
  ['drop-as-of', { dropped: 'year_end' }, 'Removed year_end.'],
  ['dlq-retry', { retried: 2, left: 0 }, '2 events folded in.'],
  [
    'dlq-retry',
    { retried: 1, left: 3, lost: ['0:7'], replaced: ['0:8'] },
    '1 event folded in. 3 events stayed parked (sales dlq show). The log has lost 0:7. ' +
      'Another event stands in the log at 0:8.',
  ],
  ['dlq-discard', { discarded: ['0:7', '3:1'] }, 'Done without from now on: 0:7, 3:1.'],
  ['accept-loss', { partition: 3, from: 10, to: 15 }, 'Partition 3 goes on without 5 events: 10 to 14.'],
  [
    'accept-loss',
    { partition: 3, from: 10, to: 10, advice: 'Rebuild everything.' },
    'Partition 3 goes on at 10. Rebuild everything.',
  ],
];

describe('what became of an operation', () => {
  for (const [kind, outcome, sentence] of said) {
    it(`is said of ${kind}: ${sentence}`, () => {
      expect(describeOutcome({ kind, outcome })).to.equal(`${sentence}\n`);
    });
  }
});
