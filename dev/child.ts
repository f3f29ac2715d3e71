import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { DevError } from './dev-error.ts';
import { environment } from './environment.ts';
import { type LocalFolder, projectRoot } from './local-stack/folder.ts';
import { logFile, logTail } from './local-stack/process.ts';

export interface Task {
  title: string;
  /** Its output goes to `.local/logs/<name>.log`. */
  name: string;
  /** Arguments of node, from the project's root. */
  args: string[];
  env?: Record<string, string>;
  onLine?(line: string): void;
  signal?: AbortSignal;
}

/** Runs a node program to its end. Throws with the end of its log when it fails. */
export async function runTask(local: LocalFolder, task: Task): Promise<void> {
  const log = createWriteStream(logFile(local, task.name));
  const child = spawn(process.execPath, task.args, {
    cwd: projectRoot,
    env: { ...environment, ...task.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: task.signal,
  });
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on('line', (line) => {
      log.write(`${line}\n`);
      if (line.trim()) task.onLine?.(line.trim());
    });
  }
  const code = await ended(child);
  await new Promise<void>((resolve) => log.end(resolve));
  if (code === 0) return;
  const file = logFile(local, task.name);
  throw new DevError(`${task.title} failed (exit code ${code}).\n${logTail(file)}`, `Its whole log is ${file}`);
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('close', resolve);
    child.once('error', reject);
  });
}
