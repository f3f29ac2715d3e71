import { openLocalFolder } from './local-stack/folder.ts';
import { missingServers, serverAddresses } from './local-stack/index.ts';
import { readStackFile } from './stack-file.ts';

/**
 * Settings that lead a process (the CLI, a test, a benchmark) to what this clone runs now, to be merged under its own
 * environment before `readConfig`. Empty when nothing runs.
 */
export function runningAddresses(local = openLocalFolder()): Record<string, string> {
  const stack = readStackFile(local);
  if (stack && stack.infrastructure !== 'local stack') return stack.env;
  return missingServers(local).length === 0 ? { ...stack?.env, ...serverAddresses(local) } : {};
}
