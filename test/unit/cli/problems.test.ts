import { expect } from 'chai';
import { describeLosses, describeOperation, type Findings, problemsOf } from '../../../cli/projection/problems.ts';
import type { Operation } from '../../../projections/operations.ts';
import { everything } from '../../../projections/operator/names.ts';
import type { GenerationStanding } from '../../../projections/status.ts';

const versionOf = (name: string) => everything.find((projection) => projection.name === name)?.version ?? 0;
const at = new Date('2026-01-31T12:00:00Z');

const standing = (
  projection: string,
  version: number,
  other: Partial<GenerationStanding> = {},
): GenerationStanding => ({
  ...{ projection, version, generation: 1, status: 'live', label: null, positions: {} },
  ...{ lagEvents: 0, lagSeconds: 0, parked: 0, discarded: 0, lost: 0, verified: null },
  ...other,
});

const operation = (other: Partial<Operation>): Operation => ({
  ...{ id: 4, kind: 'rebuild', arguments: { projections: ['revenue'] }, status: 'running', progress: null },
  ...{ outcome: null, requestedAt: at, startedAt: at, finishedAt: null },
  ...other,
});

function findings(other: Partial<Findings>, changed: GenerationStanding[] = []): Findings {
  const generations = everything.map(({ name, version }) => {
    return changed.find(({ projection }) => projection === name) ?? standing(name, version);
  });
  return { generations, halts: [], losses: [], workers: 1, operator: true, operations: [], ...other };
}

describe('sales projection status: what is not as it should be', () => {
  it('is nothing when all is well', () => {
    expect(problemsOf(findings({}))).to.deep.equal([]);
  });

  it('is that nobody works, and how to start them', () => {
    const [worker, operator, ...others] = problemsOf(findings({ workers: 0, operator: false }));
    expect(worker).to.match(/^No projection worker runs: .* npm start$/);
    expect(operator).to.match(/^No operator runs: .* npm start$/);
    expect(others).to.deep.equal([]);
  });

  it('is a partition that has halted, and what ends it', () => {
    const halt = { partition: 3, reason: 'PartitionError', detail: 'its schema is unknown', since: at, lost: null };
    const lost = { ...halt, detail: 'There is a hole.', lost: { from: 5, to: 9 } };
    expect(problemsOf(findings({ halts: [halt, lost] }))).to.deep.equal([
      'Partition 3 has halted since 2026-01-31T12:00:00.000Z: its schema is unknown. It goes on by itself when the cause is gone.',
      'Partition 3 has halted since 2026-01-31T12:00:00.000Z: There is a hole. Or go on without what is gone: sales projection accept-loss 3 --reason "…"',
    ]);
  });

  it('is code that has changed or is new, unless the rebuild is asked for', () => {
    const changed = [standing('revenue', 0), standing('channels', versionOf('channels'), { status: 'building' })];
    expect(problemsOf(findings({}, changed))).to.deep.equal([
      `The figures of revenue stand still: version 0 of its code made them, and this is version ${versionOf('revenue')}. Rebuild it: sales projection rebuild revenue`,
      'channels is new and has no tables yet. Rebuild it: sales projection rebuild channels',
    ]);
    const [revenue] = problemsOf(findings({ operations: [operation({})] }, changed));
    expect(revenue).to.match(/Rebuild 4 will mend that\.$/);
  });

  it('is what live figures lack, and where they differed from the log', () => {
    const verified = { at, positions: {}, differences: 2000 };
    const changed = [
      standing('revenue', versionOf('revenue'), { parked: 3 }),
      standing('channels', versionOf('channels'), { verified }),
    ];
    expect(problemsOf(findings({}, changed))).to.deep.equal([
      'Figures lack events that could not be folded: revenue 3. See which: sales dlq list',
      '2,000 rows of channels differed from the log on 2026-01-31T12:00:00.000Z. Rebuild it: sales projection rebuild channels',
    ]);
  });

  it('is no accepted loss, which is told beside it and may be why figures differ', () => {
    const loss = { partition: 2, reason: 'a disk', acceptedAt: new Date(at.getTime() - 1000) };
    const losses = [
      { ...loss, from: 5, to: 9 },
      { ...loss, from: 100, to: 60, acceptedAt: new Date(at.getTime() + 1000) },
    ];
    expect(problemsOf(findings({ losses }))).to.deep.equal([]);
    expect(describeLosses(findings({}))).to.deep.equal([]);
    expect(describeLosses(findings({ losses }))).to.deep.equal([
      'Accepted as lost: 2:5-8 (a disk), 2:0-99 (a disk). Figures lack nothing of it until a rebuild.',
    ]);
    const changed = [
      standing('revenue', versionOf('revenue'), { lost: 4000 }),
      standing('channels', versionOf('channels'), { verified: { at, positions: {}, differences: 2 } }),
    ];
    expect(describeLosses(findings({ losses }, changed))[0]).to.match(/Figures lack of it: revenue 4,000\.$/);
    expect(problemsOf(findings({ losses }, changed))).to.deep.equal([
      '2 rows of channels differed from the log on 2026-01-31T12:00:00.000Z. The log has lost 2:5-8, which may be why. Rebuild it: sales projection rebuild channels',
    ]);
  });

  it('is told beside what is under way', () => {
    const progress = { step: 'folding the log', done: 1500, total: 2000 };
    expect([
      describeOperation(operation({ progress })),
      describeOperation(operation({})),
      describeOperation(operation({ kind: 'accept-loss', arguments: { partition: 1 }, status: 'queued' })),
    ]).to.deep.equal([
      'Under way: rebuild 4 of revenue: folding the log, 1,500 of 2,000 events',
      'Under way: rebuild 4 of revenue: beginning',
      'Waiting: accept-loss 4',
    ]);
  });
});
