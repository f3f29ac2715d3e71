import { onScopeDispose, type Ref, ref } from 'vue';

/** Whether a CSS media query holds now. */
export function useMediaQuery(media: string): Readonly<Ref<boolean>> {
  const list = matchMedia(media);
  const matches = ref(list.matches);
  const update = () => {
    matches.value = list.matches;
  };
  list.addEventListener('change', update);
  onScopeDispose(() => list.removeEventListener('change', update));
  return matches;
}
