import { readFileSync } from 'node:fs';

/** The most that a process ever had resident, in MB; 0 where there is no /proc. */
export function peakRssMb(pid: number): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
  } catch {
    return 0;
  }
}
