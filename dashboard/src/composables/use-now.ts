import { onScopeDispose, type Ref, ref } from 'vue';

/** The time by the server's clock, ms since the epoch, moved once a second. */
export function useNow(clockAheadMs: () => number): Readonly<Ref<number>> {
  const now = ref(Date.now());
  const timer = setInterval(() => {
    now.value = Date.now() + clockAheadMs();
  }, 1_000);
  onScopeDispose(() => clearInterval(timer));
  return now;
}
