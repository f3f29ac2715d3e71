/** Builds the dashboard into `dashboard/dist` when it is missing or older than what it is made of. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { runTask } from './child.ts';
import { type LocalFolder, projectRoot } from './local-stack/folder.ts';
import type { Progress } from './progress.ts';

const sources = ['dashboard', 'read-api/schema.graphql', 'package-lock.json'];

export async function buildDashboard(local: LocalFolder, progress: Progress, signal?: AbortSignal): Promise<void> {
  if (isBuilt()) return progress.say('Dashboard is built already');
  await progress.step('Dashboard', () =>
    runTask(local, {
      title: 'The build of the dashboard',
      name: 'dashboard-build',
      args: ['node_modules/vite/bin/vite.js', 'build', 'dashboard'],
      signal,
    }),
  );
}

function isBuilt(): boolean {
  const page = join(projectRoot, 'dashboard/dist/index.html');
  if (!existsSync(page)) return false;
  const builtAt = statSync(page).mtimeMs;
  return sources.every((source) => newest(join(projectRoot, source)) <= builtAt);
}

/** When the newest file at or below this path was changed, in milliseconds since 1970. */
function newest(path: string): number {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  const below = readdirSync(path).filter((name) => name !== 'dist' && name !== 'node_modules');
  return Math.max(0, ...below.map((name) => newest(join(path, name))));
}
