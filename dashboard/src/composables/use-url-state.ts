import { onScopeDispose, reactive, watch } from 'vue';
import { type Choices, parseChoices, writeChoices } from '../choices.ts';

/** The choices, both ways: changing them changes the address (a step in the history), and Back changes them. */
export function useUrlState(): Choices {
  const choices = reactive(parseChoices(location.search));
  const read = () => Object.assign(choices, parseChoices(location.search));
  addEventListener('popstate', read);
  onScopeDispose(() => removeEventListener('popstate', read));
  watch(
    () => writeChoices(choices),
    (search) => {
      if (search !== writeChoices(parseChoices(location.search))) {
        history.pushState(null, '', `${location.pathname}${search}`);
      }
    },
  );
  return choices;
}
