import { computed, type Ref } from 'vue';
import { useMediaQuery } from './use-media-query.ts';

const TOKENS = ['accent', 'compare', 'line', 'surface', 'text', 'text-soft', 'text-faint', 'bar'] as const;

/** The tokens that charts need, as hex colours: the chart library calculates with them. */
export type ChartColors = Record<(typeof TOKENS)[number], string> & { dark: boolean };

/** The colours of the scheme that is in force, following the system. */
export function useChartColors(): Readonly<Ref<ChartColors>> {
  const dark = useMediaQuery('(prefers-color-scheme: dark)');
  return computed(() => {
    const probe = document.createElement('i');
    document.body.append(probe);
    const colors = TOKENS.map((token) => {
      probe.style.color = `var(--${token})`;
      return [token, toHex(getComputedStyle(probe).color)];
    });
    probe.remove();
    return { ...Object.fromEntries(colors), dark: dark.value };
  });
}

/** Mixes two hex colours; `share` of the first, 0 to 1. */
export function mix(first: string, second: string, share: number): string {
  const channels = [1, 3, 5].map((at) => {
    const [a, b] = [first, second].map((color) => Number.parseInt(color.slice(at, at + 2), 16));
    return Math.round((a ?? 0) * share + (b ?? 0) * (1 - share));
  });
  return `#${channels.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`;
}

function toHex(rgb: string): string {
  const channels = rgb.match(/\d+/g)?.slice(0, 3).map(Number) ?? [];
  return `#${channels.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`;
}
