/** How benchmarks say what they measured: the machine with every figure. */
import { totalmem } from 'node:os';
import { cores } from '../platform/config.ts';

export interface Report {
  bench: string;
  machine: { cores: number; memoryGb: number; node: string };
  figures: Record<string, number>;
}

export function report(bench: string, figures: Record<string, number>): Report {
  const memoryGb = Math.round(totalmem() / 1024 ** 3);
  return { bench, machine: { cores, memoryGb, node: process.versions.node }, figures };
}

/** The value below which `share` (0 to 1) of the sorted samples lie. */
export function percentile(sorted: readonly number[], share: number): number {
  const index = Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1);
  return sorted[Math.max(0, index)] ?? Number.NaN;
}

export function round(value: number, decimals = 0): number {
  return Number(value.toFixed(decimals));
}
