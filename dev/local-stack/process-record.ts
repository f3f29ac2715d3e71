/** Names one process for good: a pid alone is reused by the system, a pid with its start time is not. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

export interface ProcessRecord {
  pid: number;
  /** When the process started, as its system tells it. Opaque. */
  started: string;
}

/** The record of a running process; undefined when there is none with this pid (or only its zombie). */
export function processRecord(pid: number): ProcessRecord | undefined {
  const started = existsSync('/proc/self/stat') ? startedByProc(pid) : startedByPs(pid);
  return started ? { pid, started } : undefined;
}

export function stillRuns(record: ProcessRecord): boolean {
  return processRecord(record.pid)?.started === record.started;
}

/** proc_pid_stat(5): field 3 is the state, field 22 the start in ticks after boot; field 2 may contain blanks. */
function startedByProc(pid: number): string | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return fields[0] === 'Z' ? undefined : `${bootId}:${fields[19]}`;
  } catch {
    return undefined;
  }
}

function startedByPs(pid: number): string | undefined {
  try {
    const [state, ...started] = execFileSync('ps', ['-o', 'state=,lstart=', '-p', String(pid)], { encoding: 'utf8' })
      .trim()
      .split(/\s+/);
    return state?.startsWith('Z') ? undefined : started.join(' ');
  } catch {
    return undefined;
  }
}
