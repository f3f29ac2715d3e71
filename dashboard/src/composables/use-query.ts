import { onScopeDispose, type Ref, readonly, ref, type ShallowRef, shallowRef, watch } from 'vue';
import { type Operation, QueryError, query } from '../api/graphql.ts';

/** What a card shows of its query: the last good answer, whether it is being replaced, and why it could not be. */
export interface CardQuery<Result> {
  /** The last good answer; kept while it is refreshed and when that fails. */
  data: Readonly<ShallowRef<Result | undefined>>;
  error: Readonly<ShallowRef<QueryError | undefined>>;
  /** When `data` arrived, ms since the epoch on this machine's clock. */
  loadedAt: Readonly<Ref<number | undefined>>;
  /** True while `data` belongs to another range or currency than the one chosen. */
  outdated: Readonly<Ref<boolean>>;
  /** Asks again now. */
  reload: () => void;
}

export interface QueryOptions {
  /** Moves whenever there may be a new answer. */
  version: () => number;
  /** Nobody looks while this is false: nothing is asked until it is true again. */
  active: () => boolean;
  /** Least time between an answer and the next refresh, ms; 1,000 unless given. */
  minIntervalMs?: () => number;
}

const SHORTEST_RETRY_MS = 2_000;
const LONGEST_RETRY_MS = 30_000;
/** A refresh may take this share of the time at most: a slow server is asked less often. */
const WORK_SHARE = 0.25;

/**
 * A query that keeps itself fresh: asked again at once when its variables change, at leisure when `version` moves,
 * and with growing waiting times after a failure. Answers that were overtaken are dropped. `variables` returning
 * undefined means "not yet".
 */
export function useQuery<Result, Variables>(
  operation: Operation<Result, Variables>,
  variables: () => Variables | undefined,
  { version, active, minIntervalMs = () => 1_000 }: QueryOptions,
): CardQuery<Result> {
  const data = shallowRef<Result>();
  const error = shallowRef<QueryError>();
  const loadedAt = ref<number>();
  const outdated = ref(false);

  let underWay: AbortController | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let wanted = false;
  let failures = 0;
  let finishedAt = 0;
  let tookMs = 0;

  async function run(): Promise<void> {
    clearTimeout(timer);
    underWay?.abort();
    const asked = variables();
    if (asked === undefined) return;
    const mine = new AbortController();
    underWay = mine;
    wanted = false;
    const startedAt = performance.now();
    try {
      const answer = await query(operation, asked, mine.signal);
      if (mine.signal.aborted) return;
      data.value = answer;
      error.value = undefined;
      loadedAt.value = Date.now();
      outdated.value = false;
      failures = 0;
    } catch (failure) {
      if (mine.signal.aborted) return;
      error.value = failure instanceof QueryError ? failure : new QueryError(String(failure), 'UNEXPECTED');
      failures += 1;
      if (outdated.value) data.value = undefined;
      outdated.value = false;
    }
    underWay = undefined;
    finishedAt = performance.now();
    tookMs = finishedAt - startedAt;
    schedule();
  }

  function schedule(): void {
    clearTimeout(timer);
    if (underWay || !active() || (!wanted && failures === 0)) return;
    const rest = Math.max(minIntervalMs(), tookMs / WORK_SHARE);
    const retry = failures === 0 ? 0 : Math.min(LONGEST_RETRY_MS, SHORTEST_RETRY_MS * 2 ** (failures - 1));
    timer = setTimeout(run, Math.max(0, finishedAt + Math.max(rest, retry) - performance.now()));
  }

  watch(
    () => JSON.stringify(variables()),
    (next) => {
      if (next === undefined) return;
      outdated.value = data.value !== undefined;
      failures = 0;
      void run();
    },
    { immediate: true },
  );
  watch(version, () => {
    wanted = true;
    schedule();
  });
  watch(active, schedule);
  onScopeDispose(() => {
    clearTimeout(timer);
    underWay?.abort();
  });

  return { data, error, loadedAt: readonly(loadedAt), outdated: readonly(outdated), reload: () => void run() };
}
