/** Node packages: installed when they are missing or differ from `package-lock.json`. Plain JavaScript, needs none of them. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const lock = join(root, '.local', 'packages.lock');

/**
 * Installs packages unless all are there. Exits with code 1 and says what to do when that fails.
 * @param {(line: string) => void} write
 */
export async function ensurePackages(write) {
  if (areInstalled()) return;
  await underLock(() => {
    if (areInstalled()) return;
    const start = performance.now();
    write('Node packages … npm ci');
    // The dashboard is built here, so that its build tools are needed whatever NODE_ENV says.
    const arguments_ = ['--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
    const output = ['ignore', 2, 2];
    const clean = spawnSync('npm', ['ci', ...arguments_], { cwd: root, stdio: output });
    if (clean.status !== 0 && spawnSync('npm', ['install', ...arguments_], { cwd: root, stdio: output }).status !== 0) {
      console.error(
        'npm could not install the packages. Check the network (npm config get registry), then start again.',
      );
      process.exit(1);
    }
    write(`Node packages … ready in ${((performance.now() - start) / 1000).toFixed(1)} s`);
  });
}

/** Compares what is asked for with what npm wrote down when it installed. Optional packages of other systems may be missing. */
function areInstalled() {
  const installed = packagesOf('node_modules/.package-lock.json');
  const wanted = packagesOf('package-lock.json');
  if (!installed || !wanted) return false;
  return Object.entries(wanted).every(
    ([path, { version, optional, link }]) =>
      path === '' || link || (optional && !installed[path]) || installed[path]?.version === version,
  );
}

/** @param {string} file */
function packagesOf(file) {
  const path = join(root, file);
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).packages : undefined;
}

/** Two starts in a fresh clone must not install at the same time. @param {() => void} work */
async function underLock(work) {
  mkdirSync(dirname(lock), { recursive: true });
  while (!taken()) await wait(200);
  try {
    work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function taken() {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch {
    if (!holderLives()) rmSync(lock, { force: true });
    return false;
  }
}

function holderLives() {
  try {
    process.kill(Number(readFileSync(lock, 'utf8')), 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
