/** Python tools of the tests, each in an environment of its own below `.local/python`, in pinned versions. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DevError } from '../../dev/dev-error.ts';
import { environment } from '../../dev/environment.ts';
import { openLocalFolder } from '../../dev/local-stack/folder.ts';

/**
 * The folder of the programs of an environment with exactly what `requirements` (a file for pip) lists, made if
 * missing. Throws with what to do where this user can't make it.
 */
export function pythonPrograms(name: string, requirements: string): string {
  const folder = join(openLocalFolder().path, 'python', name);
  const installed = join(folder, 'installed.txt');
  const wanted = readFileSync(requirements, 'utf8');
  if (!existsSync(installed) || readFileSync(installed, 'utf8') !== wanted) {
    rmSync(folder, { recursive: true, force: true });
    if (!run('python3', '-m', 'venv', folder)) installVenv(folder);
    must(join(folder, 'bin/pip'), 'install', '--quiet', '--disable-pip-version-check', '-r', requirements);
    writeFileSync(installed, wanted);
  }
  return join(folder, 'bin');
}

/** Debian has it in a package of its own. */
function installVenv(folder: string): void {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    throw new DevError('These tests need Python 3 with venv.', 'Install it (apt-get install python3-venv).');
  }
  must('apt-get', 'update', '-q');
  must('apt-get', 'install', '-y', '-q', '--no-install-recommends', 'python3-venv');
  must('python3', '-m', 'venv', folder);
}

function run(command: string, ...args: string[]): boolean {
  return spawnSync(command, args, { env: environment, stdio: 'ignore' }).status === 0;
}

function must(command: string, ...args: string[]): void {
  const env = { ...environment, DEBIAN_FRONTEND: 'noninteractive' };
  const { status, stderr, error } = spawnSync(command, args, { env, encoding: 'utf8' });
  if (status === 0) return;
  throw new DevError(
    `${command} ${args.join(' ')} failed: ${(error?.message ?? stderr).trim()}`,
    'Put that right and run again.',
  );
}
