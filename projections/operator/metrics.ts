/** What an operator counts, and how the generations stand, for Prometheus (docs/operations.md says what to watch). */
import type pg from 'pg';
import { Counter, gaugesOf, type Labelled, Registry } from '../../platform/metrics.ts';
import { type Operation, type OperationKind, type OperationProgress, operationKinds } from '../operations.ts';
import { type GenerationStanding, standings } from '../status.ts';
import { everything } from './names.ts';

export type OperationOutcome = 'done' | 'failed';

export interface OperatorMeters {
  registry: Registry;
  begun(operation: Pick<Operation, 'id' | 'kind'>): void;
  progressed(id: number, progress: OperationProgress): void;
  /** `outcome` is undefined when it was interrupted and will be resumed. */
  ended(operation: Pick<Operation, 'id' | 'kind'>, outcome: OperationOutcome | undefined): void;
}

interface UnderWay {
  kind: OperationKind;
  /** Milliseconds since 1970 UTC. */
  since: number;
  progress: OperationProgress | undefined;
}

export function createOperatorMeters(pool: pg.Pool, schema: string, now: () => number = Date.now): OperatorMeters {
  const registry = new Registry();
  const underWay = new Map<number, UnderWay>();
  const operations = new Counter({
    name: 'sales_projection_operations_total',
    help: 'Operations that ended, by kind and outcome; one that was refused has failed.',
    labelNames: ['kind', 'outcome'],
    registers: [registry],
  });
  // With zeros, so that the first one is an increase.
  for (const kind of operationKinds) for (const outcome of ['done', 'failed']) operations.inc({ kind, outcome }, 0);

  const ofOperations = (name: string, help: string, read: (one: UnderWay) => number | undefined) =>
    gaugesOf(registry, `sales_projection_operation_${name}`, help, ['operation', 'kind'], () =>
      [...underWay].flatMap(([operation, one]) => {
        const value = read(one);
        return value === undefined ? [] : [[{ operation, kind: one.kind }, value] as const];
      }),
    );
  ofOperations('seconds', 'For how long each operation is under way.', ({ since }) => (now() - since) / 1000);
  ofOperations('events_done', 'Events that it has gone through in its present step.', (one) => one.progress?.done);
  ofOperations('events', 'Events that it has to go through in its present step.', (one) => one.progress?.total);

  let looking: Promise<GenerationStanding[]> | undefined;
  /** One look at Postgres for all gauges. Without Postgres they say nothing: what was may be so no longer. */
  function look(): Promise<GenerationStanding[]> {
    looking ??= standings(pool, schema, new Map(), now())
      .catch(() => [])
      .finally(() => {
        looking = undefined;
      });
    return looking;
  }
  const isLive = ({ status }: GenerationStanding) => status === 'live';

  gaugesOf(
    registry,
    'sales_projection_parked',
    'Events that a generation lacks now, since it could not take them.',
    ['projection', 'status'],
    async () => (await look()).filter(({ label }) => label === null).map(parkedOf),
  );
  const ofLive = (name: string, help: string, read: (one: GenerationStanding) => number | undefined) =>
    gaugesOf(registry, `sales_projection_${name}`, help, ['projection'], async () =>
      (await look()).filter(isLive).flatMap((one) => {
        const value = read(one);
        return value === undefined ? [] : [[{ projection: one.projection }, value] as const];
      }),
    );
  ofLive('discarded', 'Events that operators decided to do without.', ({ discarded }) => discarded);
  ofLive('verified_differences', 'Rows that differed from the log at the last verification.', ({ verified }) => {
    return verified?.differences;
  });
  ofLive('verified_age_seconds', 'How long ago that was.', ({ verified }) => {
    return verified ? (now() - verified.at.getTime()) / 1000 : undefined;
  });
  gaugesOf(
    registry,
    'sales_projection_outdated',
    '1: no live tables of this version of the code; those of another stand still.',
    ['projection'],
    async () => {
      const live = (await look()).filter(isLive);
      if (live.length === 0) return [];
      return everything.map(({ name, version }) => {
        const isLevel = live.some((one) => one.projection === name && one.version === version);
        return [{ projection: name }, Number(!isLevel)] as const;
      });
    },
  );

  return {
    registry,
    begun: ({ id, kind }) => void underWay.set(id, { kind, since: now(), progress: undefined }),
    progressed(id, progress) {
      const one = underWay.get(id);
      if (one) one.progress = progress;
    },
    ended({ id, kind }, outcome) {
      underWay.delete(id);
      if (outcome) operations.inc({ kind, outcome });
    },
  };
}

function parkedOf({ projection, status, parked }: GenerationStanding): Labelled<'projection' | 'status'> {
  return [{ projection, status }, parked];
}
