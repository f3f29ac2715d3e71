/** CPU time by process, from /proc: the figure that another load on the machine does not change much. */
import { readdirSync, readFileSync } from 'node:fs';

/** Seconds of CPU by name, since each process began. */
export type CpuSeconds = ReadonlyMap<string, number>;

/** How servers are told by their command line, wherever they were started. */
const servers: [name: string, commandLine: RegExp][] = [
  ['kafka', /kafka\.Kafka/],
  ['postgres', /^postgres|bin\/postgres/],
  ['redis', /redis-server/],
];
/** Of /proc: 100 on every Linux. */
const TICKS_PER_SECOND = 100;

/** Of the given processes and of the servers; empty where there is no /proc. */
export function cpuSeconds(pids: Readonly<Record<string, number>>): CpuSeconds {
  const names = new Map(Object.entries(pids).map(([name, pid]) => [String(pid), name]));
  const seconds = new Map<string, number>();
  for (const pid of listProcesses()) {
    const name = names.get(pid) ?? servers.find(([, commandLine]) => commandLine.test(read(pid, 'cmdline')))?.[0];
    if (name) seconds.set(name, (seconds.get(name) ?? 0) + secondsOf(pid));
  }
  return seconds;
}

function listProcesses(): string[] {
  try {
    return readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
  } catch {
    return [];
  }
}

/** proc_pid_stat(5): fields 14 and 15 are user and system time in ticks; field 2 may contain blanks. */
function secondsOf(pid: string): number {
  const fields = read(pid, 'stat')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / TICKS_PER_SECOND;
}

function read(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
