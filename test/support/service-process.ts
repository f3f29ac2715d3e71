/** A service as a process of its own, any number in one namespace, each with the faults that await it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { environment } from '../../dev/environment.ts';
import { projectRoot } from '../../dev/local-stack/folder.ts';
import { anyFreePort } from '../../dev/local-stack/ports.ts';
import type { Config } from '../../platform/config.ts';
import { settingsOf, until } from './services.ts';

export interface ServiceProcess<Failpoint extends string = string> {
  pid: number;
  /** Failpoints whose fault it has met. */
  met: Failpoint[];
  /** Resolves when it is at work. Rejects when it ended before. */
  ready(): Promise<void>;
  /** Resolves, when it has ended, to the signal or the exit code. */
  ended: Promise<NodeJS.Signals | number | null>;
  hasEnded(): boolean;
  /** Waits for what needs this process; rejects at once, with what it wrote, when it ends before. */
  whileRuns<T>(work: Promise<T>): Promise<T>;
  kill(signal: NodeJS.Signals): void;
  /** Stops it as an operator would, and waits until it is gone. */
  stop(): Promise<void>;
  /** A counter at its /metrics. */
  counted(name: string): Promise<number>;
  /** The last that it wrote. */
  output(): string;
}

export interface ServiceCommand {
  /** Below the root of the project. */
  script: string;
  /** Modules that are loaded before it. */
  preload?: readonly string[];
  args?: readonly string[];
  settings?: Record<string, string>;
}

const READY_WITHIN_MS = 40_000;
const OUTPUT_KEPT = 8000;

export async function startServiceProcess<Failpoint extends string = string>(
  config: Config,
  { script, preload = [], args = [], settings = {} }: ServiceCommand,
): Promise<ServiceProcess<Failpoint>> {
  const port = await anyFreePort();
  const imports = ['tsx', ...preload].flatMap((module) => ['--import', module]);
  const child = spawn(process.execPath, [...imports, script, ...args], {
    cwd: projectRoot,
    env: { ...environment, ...settingsOf(config), ...settings, SALES_HEALTH_PORT: String(port) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const met: Failpoint[] = [];
  let output = '';
  createInterface(child.stdout).on('line', (line) => {
    output = `${output}${line}\n`.slice(-OUTPUT_KEPT);
    const { failpoint } = parse(line);
    if (failpoint) met.push(failpoint as Failpoint);
  });
  const killWithTest = () => child.kill('SIGKILL');
  process.once('exit', killWithTest);
  child.once('exit', () => process.off('exit', killWithTest));
  const ended = once(child, 'close').then(([code, signal]) => (signal ?? code) as NodeJS.Signals | number | null);
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  const ask = (path: string) => fetch(`http://127.0.0.1:${port}${path}`);
  return {
    pid: child.pid ?? 0,
    met,
    ended,
    hasEnded,
    whileRuns: (work) => {
      const over = ended.then(() => Promise.reject(new Error(`${script} ended:\n${output}`)));
      return Promise.race([work, over]);
    },
    ready: () =>
      until(
        `${script} is ready`,
        async () => {
          if (hasEnded()) throw new Error(`${script} ended before it was ready:\n${output}`);
          return (await ask('/health').catch(() => undefined))?.ok;
        },
        READY_WITHIN_MS,
      ),
    kill: (signal) => void child.kill(signal),
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
    async counted(name) {
      const text = await (await ask('/metrics')).text();
      return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1]);
    },
    output: () => output,
  };
}

function parse(line: string): { failpoint?: string } {
  try {
    return JSON.parse(line);
  } catch {
    return {};
  }
}
