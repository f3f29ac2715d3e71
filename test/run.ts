/** Runs the tests on real servers: brings up what is missing, runs mocha, stops what it started, and counts. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import Mocha from 'mocha';
import { buildDashboard } from '../dev/dashboard-build.ts';
import { environment } from '../dev/environment.ts';
import { bringUpServers } from '../dev/infrastructure.ts';
import { openLocalFolder, projectRoot } from '../dev/local-stack/folder.ts';
import { progressTo } from '../dev/progress.ts';
import { ensureChromium } from './support/chromium.ts';

/** What `npm test` runs, in this order; `slow` runs only when asked for. */
const FOLDERS = ['unit', 'model', 'integration', 'e2e'];
const TIMEOUT_MS = 60_000;

/**
 * `parts` name folders or parts of paths below test/ (`unit/domain`, `processor`); none of them: all but `slow`.
 * Resolves to the exit code. The last line on standard output is `N passed, N failed`.
 */
export async function runTests(parts: string[]): Promise<number> {
  const files = filesFor(parts);
  if (files.length === 0) {
    console.error(`No test file has ${parts.join(' or ')} in its path below test/.`);
    return 1;
  }
  const local = openLocalFolder();
  const progress = progressTo(console.log);
  const servers = await bringUpServers(local, environment, progress);
  try {
    if (files.some((file) => file.includes('/e2e/'))) await ensureChromium(progress);
    await buildDashboard(local, progress);
    const { passes, failures } = await runMocha(files);
    await servers.stop();
    console.log(`${passes} passed, ${failures} failed`);
    return failures === 0 && passes > 0 ? 0 : 1;
  } catch (error) {
    await servers.stop();
    throw error;
  }
}

function filesFor(parts: string[]): string[] {
  const folders = parts.some((part) => part.includes('slow')) ? ['slow'] : FOLDERS;
  const files = folders.flatMap((folder) => testFiles(join(projectRoot, 'test', folder)));
  const below = (file: string) => file.slice(join(projectRoot, 'test').length);
  return parts.length === 0 ? files : files.filter((file) => parts.some((part) => below(file).includes(part)));
}

function testFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => name.endsWith('.test.ts'))
    .sort()
    .map((name) => join(folder, name));
}

/**
 * Files share nothing but the servers, in namespaces of their own, and wait for most of their time: two go at a time. The
 * slow ones load the machine on purpose, and go alone.
 */
async function runMocha(files: string[]): Promise<{ passes: number; failures: number }> {
  const parallel = files.length > 1 && !files.some((file) => file.includes('/slow/'));
  const mocha = new Mocha({
    timeout: TIMEOUT_MS,
    slow: 5000,
    forbidOnly: true,
    forbidPending: true,
    ...(parallel && { parallel, jobs: 2, require: ['tsx'] }),
  });
  for (const file of files) mocha.addFile(file);
  if (!parallel) await mocha.loadFilesAsync();
  return new Promise((resolve) => {
    const runner = mocha.run(() => {
      const { passes = 0, failures = 0 } = runner.stats ?? {};
      resolve({ passes, failures });
    });
  });
}
