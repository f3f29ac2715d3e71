import { type ShallowRef, shallowRef, watch } from 'vue';

/**
 * A value that is made anew only when what it depends on reads differently, not whenever its inputs are replaced by
 * equal ones: so that fresh figures update a chart's series without rebuilding its options.
 */
export function useStable<Value>(dependsOn: () => unknown, make: () => Value): Readonly<ShallowRef<Value>> {
  const value = shallowRef(make());
  watch(
    () => JSON.stringify(dependsOn()),
    () => {
      value.value = make();
    },
  );
  return value;
}
