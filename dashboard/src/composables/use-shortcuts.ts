import { onScopeDispose, type Ref, ref, watch } from 'vue';

/** What a key does, in words for the help. */
export interface Shortcut {
  key: string;
  does: string;
  run: () => void;
}

const STORED_AS = 'sales.shortcuts';

/**
 * Single-key shortcuts. They can be switched off (WCAG 2.1.4), stay out of fields, and leave keys with
 * Ctrl, Alt or Meta to the browser. Returns the switch.
 */
export function useShortcuts(shortcuts: readonly Shortcut[]): Ref<boolean> {
  const enabled = ref(localStorage.getItem(STORED_AS) !== 'off');
  watch(enabled, (on) => localStorage.setItem(STORED_AS, on ? 'on' : 'off'));
  const onKey = (event: KeyboardEvent) => {
    if (!enabled.value || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    const target = event.target instanceof Element ? event.target : null;
    if (target?.closest('input, select, textarea, dialog, [contenteditable]')) return;
    const shortcut = shortcuts.find(({ key }) => key === event.key.toLowerCase());
    if (!shortcut) return;
    event.preventDefault();
    shortcut.run();
  };
  addEventListener('keydown', onKey);
  onScopeDispose(() => removeEventListener('keydown', onKey));
  return enabled;
}
