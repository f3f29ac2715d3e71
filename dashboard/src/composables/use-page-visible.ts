import { onScopeDispose, type Ref, ref } from 'vue';

/** Whether the reader can see the page; a page in the background asks for nothing. */
export function usePageVisible(): Readonly<Ref<boolean>> {
  const visible = ref(document.visibilityState === 'visible');
  const update = () => {
    visible.value = document.visibilityState === 'visible';
  };
  document.addEventListener('visibilitychange', update);
  onScopeDispose(() => document.removeEventListener('visibilitychange', update));
  return visible;
}
