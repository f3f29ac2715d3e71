import { onScopeDispose, type Ref, type ShallowRef, shallowRef, watch } from 'vue';

/** A value that follows `source` at most every `intervalMs`: at once after a quiet time, and always to the latest. */
export function useThrottled<Value>(source: Readonly<Ref<Value>>, intervalMs: number): Readonly<ShallowRef<Value>> {
  const value = shallowRef(source.value);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let takenAt = 0;
  const take = () => {
    timer = undefined;
    takenAt = performance.now();
    value.value = source.value;
  };
  watch(source, () => {
    timer ??= setTimeout(take, Math.max(0, takenAt + intervalMs - performance.now()));
  });
  onScopeDispose(() => clearTimeout(timer));
  return value;
}
