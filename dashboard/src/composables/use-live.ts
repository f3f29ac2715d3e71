import { computed, onScopeDispose, type Ref, ref, shallowRef, watch } from 'vue';
import { LIVE, type LiveMinute, type LiveUpdate, type RecentSale } from '../api/live.ts';
import { type StreamState, subscribe } from '../api/subscribe.ts';

/** What this page is doing about news. */
export type Connection = StreamState | { status: 'paused' };

/** Minutes kept for the strip: an hour is shown, and one more so that none is missing at its edge. */
const KEEP_MS = 2 * 60 * 60 * 1000;
const KEEP_SALES = 50;

/** What happens now, from the one event stream of the page. */
export interface Live {
  connection: Readonly<Ref<Connection>>;
  /** Moves when the positions have advanced, or may have: there is something to ask for. */
  version: Readonly<Ref<number>>;
  /** Minutes by `minute|currency`, at most the last two hours. */
  minutes: Readonly<Ref<ReadonlyMap<string, LiveMinute>>>;
  /** Ledger entries, last recorded first; undefined before the first message. */
  sales: Readonly<Ref<readonly RecentSale[] | undefined>>;
  /** When the newest news came in, by the server's clock, ms; undefined before the first. */
  movedAt: Readonly<Ref<number | undefined>>;
  /** How far the server's clock is ahead of this one, ms. */
  clockAheadMs: Readonly<Ref<number>>;
  /** The live window is being rebuilt on the server and stands still. */
  rebuilding: Readonly<Ref<boolean>>;
}

/** Keeps the subscription for as long as the scope lives; pausing closes it, and going on starts with a snapshot. */
export function useLive(paused: () => boolean): Live {
  const stream = shallowRef<StreamState>({ status: 'connecting' });
  const version = ref(0);
  const minutes = shallowRef<ReadonlyMap<string, LiveMinute>>(new Map());
  const sales = shallowRef<readonly RecentSale[]>();
  const movedAt = ref<number>();
  const clockAheadMs = ref(0);
  const rebuilding = ref(false);
  let positions = '';

  function receive(update: LiveUpdate): void {
    const serverTime = Date.parse(update.serverTime);
    clockAheadMs.value = serverTime - Date.now();
    rebuilding.value = update.rebuilding;
    minutes.value = mergeMinutes(update.kind === 'SNAPSHOT' ? new Map() : minutes.value, update, serverTime);
    sales.value = mergeSales(update.kind === 'SNAPSHOT' ? [] : (sales.value ?? []), update.sales);
    const reached = JSON.stringify(update.positions);
    if (reached === positions) return;
    if (positions !== '') movedAt.value = serverTime;
    positions = reached;
    version.value += 1;
  }

  let stop = () => {};
  watch(
    paused,
    (isPaused) => {
      stop();
      stop = () => {};
      if (!isPaused) {
        stop = subscribe({
          operation: LIVE,
          variables: () => ({}),
          onData: ({ live }) => receive(live),
          onState: (state) => {
            stream.value = state;
            // Without the stream the figures may still be had: every failed attempt is a reason to ask for them.
            if (state.status === 'reconnecting') version.value += 1;
          },
        });
      }
    },
    { immediate: true },
  );
  onScopeDispose(() => stop());

  const connection = computed<Connection>(() => (paused() ? { status: 'paused' } : stream.value));
  return { connection, version, minutes, sales, movedAt, clockAheadMs, rebuilding };
}

function mergeMinutes(known: ReadonlyMap<string, LiveMinute>, update: LiveUpdate, serverTime: number) {
  const oldest = serverTime - KEEP_MS;
  const merged = new Map<string, LiveMinute>();
  for (const minute of [...known.values(), ...update.minutes]) {
    const at = Date.parse(minute.minute);
    if (at >= oldest) merged.set(`${at}|${minute.currency}`, minute);
  }
  return merged;
}

function mergeSales(known: readonly RecentSale[], news: readonly RecentSale[]): readonly RecentSale[] {
  if (news.length === 0) return known;
  const seen = new Set(news.map((sale) => sale.position));
  return [...news, ...known.filter((sale) => !seen.has(sale.position))].slice(0, KEEP_SALES);
}
