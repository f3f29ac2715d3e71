/** `.local/`: everything that the local stack keeps in a clone (downloads, data, logs, records of processes). */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DevError } from '../dev-error.ts';

/** The clone that this file belongs to. */
export const projectRoot = realpathSync(join(dirname(fileURLToPath(import.meta.url)), '../..'));

export interface LocalFolder {
  /** Random per clone: tells its folders outside the clone from another clone's. */
  id: string;
  path: string;
  logs: string;
  /** One JSON file for each running process. */
  run: string;
}

/** Folders that hold data, removed by `--fresh`; downloads and logs stay. */
export const dataFolders = ['kafka', 'registry', 'postgres', 'redis'];

/**
 * Opens the clone's `.local/`, made if missing. In a copy of a clone the records of the original's processes and its
 * id are dropped, so that the copy never stops or shares what the original runs.
 */
export function openLocalFolder(root = projectRoot): LocalFolder {
  const path = join(root, '.local');
  const identityFile = join(path, 'clone.json');
  mkdirSync(path, { recursive: true });
  const known = existsSync(identityFile) ? JSON.parse(readFileSync(identityFile, 'utf8')) : undefined;
  const id: string = known?.root === root ? known.id : randomBytes(6).toString('hex');
  const folder = { id, path, logs: join(path, 'logs'), run: join(path, 'run') };
  if (known?.root !== root) {
    for (const stale of [folder.run, join(path, 'stack.json'), join(path, 'ports.json')]) {
      rmSync(stale, { recursive: true, force: true });
    }
    writeFileSync(identityFile, JSON.stringify({ id, root }));
  }
  mkdirSync(folder.logs, { recursive: true });
  mkdirSync(folder.run, { recursive: true });
  return folder;
}

/** Random words that the clone keeps: the Postgres password and the like. Readable by the owner only. */
export function secret(local: LocalFolder, name: string): string {
  const file = join(local.path, `${name}.secret`);
  if (!existsSync(file)) writeFileSync(file, randomBytes(18).toString('base64url'), { mode: 0o600 });
  return readFileSync(file, 'utf8').trim();
}

/** Throws when the disk that holds `path` has less than `minimumGb` gigabytes free. */
export function checkDiskSpace(path: string, minimumGb = 1): void {
  const disk = statfsSync(path);
  const freeGb = (disk.bavail * disk.bsize) / 1e9;
  if (freeGb >= minimumGb) return;
  throw new DevError(
    `Only ${freeGb.toFixed(1)} GB are free on the disk of ${path}; the local stack needs ${minimumGb} GB.`,
    'Free some space and start again.',
  );
}
