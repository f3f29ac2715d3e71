/** The browser of the end-to-end tests: found, or installed where we may. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { DevError } from '../../dev/dev-error.ts';
import { environment } from '../../dev/environment.ts';
import type { Progress } from '../../dev/progress.ts';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Path of a Chromium; `CHROMIUM_PATH` names one elsewhere. Undefined when there is none. */
export function findChromium(): string | undefined {
  return [environment.CHROMIUM_PATH ?? '', ...PLACES].find((path) => path !== '' && existsSync(path));
}

/** Throws with the command to run when there is none and this user can't install it. */
export async function ensureChromium(progress: Progress): Promise<void> {
  if (findChromium()) return;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    throw new DevError(
      'The browser tests need Chromium.',
      'Install it (apt-get install chromium), or set CHROMIUM_PATH.',
    );
  }
  await progress.step('Install Chromium by apt-get', async () => {
    const env = { ...environment, DEBIAN_FRONTEND: 'noninteractive' };
    for (const args of [
      ['update', '-q'],
      ['install', '-y', '-q', '--no-install-recommends', 'chromium'],
    ]) {
      const { status, stderr } = spawnSync('apt-get', args, { env, encoding: 'utf8' });
      if (status !== 0)
        throw new DevError(`apt-get ${args.join(' ')} failed: ${stderr.trim()}`, 'Put that right and run again.');
    }
  });
}
