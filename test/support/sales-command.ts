/** Runs `bin/sales` as people do. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { environment } from '../../dev/environment.ts';
import { projectRoot } from '../../dev/local-stack/folder.ts';

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** `watch` sees each line of standard error as it comes, and may end the command by a signal. */
export async function salesCommand(
  args: string[],
  options: { env?: Record<string, string>; watch?: (line: string, child: ChildProcess) => void } = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [join(projectRoot, 'bin/sales'), ...args], {
    env: { ...environment, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended: Ended = { code: null, stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => {
    ended.stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    ended.stderr += chunk;
    for (const line of String(chunk).split('\n')) options.watch?.(line, child);
  });
  [ended.code] = await once(child, 'close');
  return ended;
}
