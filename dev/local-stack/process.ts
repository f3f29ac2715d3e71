/** Processes that outlive the one that starts them: a log, a record with their pid, and a check that it is still them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { DevError } from '../dev-error.ts';
import { environment } from '../environment.ts';
import type { LocalFolder } from './folder.ts';
import { type ProcessRecord, processRecord, stillRuns } from './process-record.ts';

export interface Launch {
  command: string;
  args: string[];
  cwd?: string;
  /** Added to the environment that it inherits. */
  env?: Record<string, string>;
  uid?: number;
  gid?: number;
  /** How the process is asked to stop. SIGTERM unless the server wants another one. */
  stopSignal?: NodeJS.Signals;
  /** Write below what an earlier run wrote, instead of over it. */
  keepLog?: boolean;
}

interface DaemonRecord extends ProcessRecord {
  stopSignal: NodeJS.Signals;
}

/** Starts a process in a session of its own, writing to `.local/logs/<name>.log`, and records it. It doesn't keep us running. */
export async function startDaemon(local: LocalFolder, name: string, launch: Launch): Promise<ChildProcess> {
  const log = openSync(logFile(local, name), launch.keepLog ? 'a' : 'w');
  try {
    const child = spawn(launch.command, launch.args, {
      cwd: launch.cwd,
      env: { ...environment, ...launch.env },
      uid: launch.uid,
      gid: launch.gid,
      detached: true,
      stdio: ['ignore', log, log],
    });
    await new Promise((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    const record = child.pid === undefined ? undefined : processRecord(child.pid);
    if (record) {
      const daemon: DaemonRecord = { ...record, stopSignal: launch.stopSignal ?? 'SIGTERM' };
      writeFileSync(recordFile(local, name), JSON.stringify(daemon));
    }
    child.unref();
    return child;
  } finally {
    closeSync(log);
  }
}

/** Pid of the daemon, if the process that was recorded under this name still runs. */
export function daemonPid(local: LocalFolder, name: string): number | undefined {
  return readRecord(local, name)?.pid;
}

/** Asks the daemon to stop, waits, and kills it after `patienceMs`. Does nothing when it doesn't run. */
export async function stopDaemon(local: LocalFolder, name: string, patienceMs = 20_000): Promise<boolean> {
  const record = readRecord(local, name);
  if (!record) return false;
  process.kill(record.pid, record.stopSignal);
  const deadline = Date.now() + patienceMs;
  while (stillRuns(record)) {
    if (Date.now() > deadline) process.kill(record.pid, 'SIGKILL');
    await wait(50);
  }
  rmSync(recordFile(local, name), { force: true });
  return true;
}

/** Polls `probe` every 100 ms until it succeeds. Fails when the process ends, or with the probe's error after `timeoutMs`. */
export async function untilReady(
  what: { title: string; log: string; isRunning: () => boolean; timeoutMs?: number; signal?: AbortSignal },
  probe: () => Promise<void>,
): Promise<void> {
  const deadline = Date.now() + (what.timeoutMs ?? 60_000);
  for (;;) {
    what.signal?.throwIfAborted();
    try {
      return await probe();
    } catch (error) {
      if (!what.isRunning()) {
        throw new DevError(`${what.title} ended while starting.\n${logTail(what.log)}`, `Its whole log is ${what.log}`);
      }
      if (Date.now() > deadline) {
        const reason = error instanceof Error ? error.message : String(error);
        throw new DevError(
          `${what.title} does not answer: ${reason}\n${logTail(what.log)}`,
          `Its whole log is ${what.log}`,
        );
      }
      await wait(100);
    }
  }
}

export function logFile(local: LocalFolder, name: string): string {
  return join(local.logs, `${name}.log`);
}

/** The last lines of a log, indented, for an error message. */
export function logTail(file: string, lines = 12): string {
  if (!existsSync(file)) return '';
  const text = readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines);
  return text.map((line) => `    ${line.slice(0, 400)}`).join('\n');
}

function recordFile(local: LocalFolder, name: string): string {
  return join(local.run, `${name}.json`);
}

function readRecord(local: LocalFolder, name: string): DaemonRecord | undefined {
  const file = recordFile(local, name);
  if (!existsSync(file)) return undefined;
  const record: DaemonRecord = JSON.parse(readFileSync(file, 'utf8'));
  return stillRuns(record) ? record : undefined;
}
