/** What a processor counts and measures, for Prometheus (docs/operations.md says what to watch). */
import { Counter, counterOf, Histogram, latencyBuckets, Registry, timed } from '../../platform/metrics.ts';
import { peekAddress } from '../../schemas/address.ts';
import type { Store } from '../state/store.ts';
import type { Decided } from './batch.ts';
import type { ProcessorMetrics } from './follower.ts';
import type { OwnerOptions } from './owner.ts';

export interface ProcessorMeters {
  registry: Registry;
  /** Records of the events topic as its owners read them: plain numbers, since each of them is counted. */
  records: ProcessorMetrics;
  /** Notes how long appends take, and which of them landed elsewhere than expected. */
  measuredAppend(append: OwnerOptions['append']): OwnerOptions['append'];
  /** Notes how long the write-side state takes to load and to flush. */
  measuredStore(store: Store): Store;
  decided(batch: readonly Decided[]): void;
  parked(): void;
}

export function createProcessorMeters(): ProcessorMeters {
  const registry = new Registry();
  const registers = [registry];
  const records: ProcessorMetrics = { valid: 0, void: 0 };
  counterOf(registry, 'sales_events_valid_total', 'Events that sit where their writer expected.', () => records.valid);
  counterOf(registry, 'sales_events_void_total', 'Records of the events topic that are void.', () => records.void);
  const decided = new Counter({
    name: 'sales_commands_decided_total',
    help: 'Commands whose outcome stands in the log, by outcome and, of refusals, code.',
    labelNames: ['outcome', 'code'],
    registers,
  });
  const repeated = new Counter({
    name: 'sales_commands_repeated_total',
    help: 'Those of the decided commands whose outcome stood in the log already.',
    registers,
  });
  const parked = new Counter({
    name: 'sales_commands_parked_total',
    help: 'Records kept aside in the topic of rejected commands: nobody could decide them.',
    registers,
  });
  const appendSeconds = new Histogram({
    name: 'sales_events_append_seconds',
    help: 'From sending a batch of events to the acknowledgement of all in-sync replicas.',
    buckets: latencyBuckets,
    registers,
  });
  const landedElsewhere = new Counter({
    name: 'sales_events_landed_elsewhere_total',
    help: 'Batches of events that something came in between of: they are void and decided again.',
    registers,
  });
  const storeSeconds = new Histogram({
    name: 'sales_state_seconds',
    help: 'Loads and flushes of the write-side state.',
    labelNames: ['operation'],
    buckets: latencyBuckets,
    registers,
  });
  const loadSeconds = storeSeconds.labels('load');
  const flushSeconds = storeSeconds.labels('flush');

  return {
    registry,
    records,
    measuredAppend: (append) => async (batch) => {
      const landed = await timed(appendSeconds, () => append(batch));
      if (peekAddress(batch[0]?.value ?? null)?.expectedOffset !== landed) landedElsewhere.inc();
      return landed;
    },
    measuredStore: (store) => ({
      ...store,
      load: (...request) => timed(loadSeconds, () => store.load(...request)),
      flush: (...request) => timed(flushSeconds, () => store.flush(...request)),
    }),
    decided(batch) {
      // One addition for each kind of outcome in the batch, not for each command.
      const counts = new Map<string, number>();
      for (const { outcome, appended } of batch) {
        const kind = `${outcome.outcome} ${outcome.code ?? ''}`;
        counts.set(kind, (counts.get(kind) ?? 0) + 1);
        if (!appended) repeated.inc();
      }
      for (const [kind, count] of counts) {
        const [outcome = '', code = ''] = kind.split(' ');
        decided.inc({ outcome, code }, count);
      }
    },
    parked: () => parked.inc(),
  };
}
