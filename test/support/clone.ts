/** A copy of this clone in a folder of its own, so that starting and stopping it never meets what the developer runs. */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environment } from '../../dev/environment.ts';
import { openLocalFolder, projectRoot } from '../../dev/local-stack/folder.ts';
import { removeServerData } from '../../dev/local-stack/index.ts';
import { anyFreePort } from '../../dev/local-stack/ports.ts';
import { addressSettings } from '../../dev/local-stack/server.ts';
import type { StackFile } from '../../dev/stack-file.ts';

export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface Clone {
  root: string;
  /** Runs `npm start`, `npm stop` or `npm run status` in it, to its end. */
  npm(args: readonly string[], env?: Record<string, string>): Promise<Outcome>;
  /** Starts it in the foreground. `until` waits for a text in what it prints. */
  foreground(args: readonly string[], env?: Record<string, string>): Foreground;
  stackFile(): StackFile;
  /** Pids of the daemons that are recorded and still there, by name. */
  running(): Record<string, number>;
  /** Stops what runs and removes the folder. */
  remove(): Promise<void>;
}

export interface Foreground {
  process: ChildProcess;
  until(text: string): Promise<void>;
  ended: Promise<Outcome>;
}

/** Packages and downloads are shared with the original, so that nothing is fetched. */
export async function copyOfClone(): Promise<Clone> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'sales-analytics-')));
  const left = new Set(['node_modules', '.git', '.local', 'bench', 'docs']);
  for (const name of readdirSync(projectRoot)) {
    if (!left.has(name))
      cpSync(join(projectRoot, name), join(root, name), { recursive: true, preserveTimestamps: true });
  }
  symlinkSync(join(projectRoot, 'node_modules'), join(root, 'node_modules'));
  mkdirSync(join(root, '.local'));
  const java = join(projectRoot, '.local/java');
  if (existsSync(java)) symlinkSync(java, join(root, '.local/java'));

  const ports = { SALES_HTTP_PORT: String(await anyFreePort()), SALES_COMMANDS_PORT: String(await anyFreePort()) };
  const outside = { ...environment };
  for (const setting of Object.values(addressSettings)) delete outside[setting];
  const start = (command: string, args: readonly string[], env: Record<string, string> = {}) => {
    const child = spawn(command, args, { cwd: root, env: { ...outside, ...ports, ...env } });
    const outcome: Outcome = { code: null, stdout: '', stderr: '' };
    child.stdout.on('data', (data) => {
      outcome.stdout += data;
    });
    child.stderr.on('data', (data) => {
      outcome.stderr += data;
    });
    const ended = new Promise<Outcome>((resolve) => {
      child.once('close', (code) => resolve({ ...outcome, code }));
    });
    return { child, outcome, ended };
  };
  const npm: Clone['npm'] = (args, env) => start('npm', args, env).ended;

  return {
    root,
    npm,
    foreground(args, env) {
      const { child, outcome, ended } = start(process.execPath, ['dev/start.mjs', 'start', ...args], env);
      const until = (text: string) =>
        new Promise<void>((resolve, reject) => {
          const look = () => outcome.stdout.includes(text) && resolve();
          child.stdout.on('data', look);
          look();
          void ended.then(({ stderr }) => reject(new Error(`It ended before it printed "${text}".\n${stderr}`)));
        });
      return { process: child, until, ended };
    },
    stackFile: () => JSON.parse(readFileSync(join(root, '.local/stack.json'), 'utf8')),
    running: () => runningDaemons(join(root, '.local/run')),
    async remove() {
      await npm(['stop']);
      removeServerData(openLocalFolder(root));
      rmSync(root, { recursive: true, force: true });
    },
  };
}

function runningDaemons(folder: string): Record<string, number> {
  if (!existsSync(folder)) return {};
  const records = readdirSync(folder).filter((name) => name.endsWith('.json'));
  const pids = records.map((name): [string, number] => [
    name.replace('.json', ''),
    JSON.parse(readFileSync(join(folder, name), 'utf8')).pid,
  ]);
  return Object.fromEntries(pids.filter(([, pid]) => isAlive(pid)));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
