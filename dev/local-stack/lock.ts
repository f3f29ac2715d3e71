/** One at a time: a lock between processes that dies with its holder. */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { LocalFolder } from './folder.ts';
import { type ProcessRecord, processRecord, stillRuns } from './process-record.ts';

/** Takes the lock and returns how to give it back; undefined when another running process holds it. */
export function tryLock(local: LocalFolder, name: string): (() => void) | undefined {
  const file = join(local.run, `${name}.lock`);
  const mine = `${file}.${process.pid}`;
  writeFileSync(mine, JSON.stringify(processRecord(process.pid)));
  try {
    // A link appears at once with its content, and never over an existing file.
    for (let attempt = 0; attempt < 3; attempt++) {
      if (linked(mine, file)) return () => rmSync(file, { force: true });
      if (lockHolder(local, name)) return undefined;
      removeStale(file, mine);
    }
    return undefined;
  } finally {
    rmSync(mine, { force: true });
  }
}

/** Runs `work` under the lock, waiting for others that hold it. */
export async function withLock<T>(local: LocalFolder, name: string, work: () => Promise<T>): Promise<T> {
  for (;;) {
    const release = tryLock(local, name);
    if (release) {
      try {
        return await work();
      } finally {
        release();
      }
    }
    await wait(100);
  }
}

/** The running process that holds the lock. */
export function lockHolder(local: LocalFolder, name: string): ProcessRecord | undefined {
  try {
    const record: ProcessRecord = JSON.parse(readFileSync(join(local.run, `${name}.lock`), 'utf8'));
    return stillRuns(record) ? record : undefined;
  } catch {
    return undefined;
  }
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch {
    return false;
  }
}

/** Moves a dead holder's lock aside; puts it back if meanwhile somebody living took it. */
function removeStale(file: string, mine: string): void {
  const aside = `${mine}.stale`;
  try {
    renameSync(file, aside);
    const record: ProcessRecord = JSON.parse(readFileSync(aside, 'utf8'));
    if (stillRuns(record)) linked(aside, file);
  } catch {
    // Somebody else was faster; the next attempt sees who.
  }
  rmSync(aside, { force: true });
}
