/** `.local/stack.json`: what runs now and where. Written by who starts it, read by everybody who wants to talk to it. */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LocalFolder } from './local-stack/folder.ts';

/** Where the servers come from: addresses in the environment, a container engine, or processes of the clone. */
export type Infrastructure = 'environment' | 'containers' | 'local stack';

export interface StackFile {
  infrastructure: Infrastructure;
  /** Settings (`platform/config.ts`) that lead a process to this stack. */
  env: Record<string, string>;
  /** Everything that was asked for is up. */
  ready: boolean;
  /** The services that the supervisor runs now. */
  services: RunningService[];
}

export interface RunningService {
  name: string;
  title: string;
  pid: number;
  /** URL that answers 200 when the service is ready; absent for a service that serves nothing. */
  health?: string;
  /** URL of what it counts, for Prometheus. */
  metrics?: string;
}

export function readStackFile(local: LocalFolder): StackFile | undefined {
  const file = stackFile(local);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}

/** Replaces the file in one step, so that a reader never sees half of it. The Postgres password is in it. */
export function writeStackFile(local: LocalFolder, stack: StackFile): void {
  const next = `${stackFile(local)}.${process.pid}`;
  writeFileSync(next, `${JSON.stringify(stack, null, 2)}\n`, { mode: 0o600 });
  renameSync(next, stackFile(local));
}

export function removeStackFile(local: LocalFolder): void {
  rmSync(stackFile(local), { force: true });
}

function stackFile(local: LocalFolder): string {
  return join(local.path, 'stack.json');
}
