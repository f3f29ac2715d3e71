/** `--detach`: a supervising process in a session of its own, which tells its starter how far it is until it is ready. */
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { DevError } from './dev-error.ts';
import { applicationLock } from './down.ts';
import { environment } from './environment.ts';
import { type LocalFolder, projectRoot } from './local-stack/folder.ts';
import { tryLock } from './local-stack/lock.ts';
import { logFile, logTail } from './local-stack/process.ts';
import type { Addresses } from './services.ts';
import { stopRequested } from './stop-request.ts';
import { bringUp } from './up.ts';

/** What the supervising process tells its starter. */
type Report = { line: string } | { ready: Addresses } | { failed: string } | { alreadyRunning: true };

/** Starts the supervising process and waits for it. Gives its addresses, or undefined when another one runs already. */
export async function startDetached(
  local: LocalFolder,
  options: { demo: boolean },
  write: (line: string) => void,
): Promise<Addresses | undefined> {
  const log = openSync(logFile(local, 'supervisor'), 'a');
  const args = [join(projectRoot, 'dev/start.mjs'), 'start', '--supervise', ...(options.demo ? [] : ['--no-demo'])];
  const child = spawn(process.execPath, args, {
    cwd: projectRoot,
    env: environment,
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  const giveUp = () => child.kill('SIGTERM');
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, giveUp);
  const outcome = await new Promise<Exclude<Report, { line: string }>>((resolve) => {
    child.on('message', (report: Report) => ('line' in report ? write(report.line) : resolve(report)));
    child.once('exit', () => resolve({ failed: `The supervisor ended.\n${logTail(logFile(local, 'supervisor'))}` }));
  });
  if ('failed' in outcome) throw new DevError(outcome.failed, '');
  if (child.connected) child.disconnect();
  child.unref();
  return 'ready' in outcome ? outcome.ready : undefined;
}

/** The supervising process itself: brings everything up, reports, and stays until told to stop. Returns the exit code. */
export async function superviseForStarter(local: LocalFolder, options: { demo: boolean }): Promise<number> {
  const tell = (report: Report) => {
    // The starter may be gone; then there is nobody to tell, and the work goes on.
    if (process.connected) process.send?.(report, undefined, {}, () => {});
  };
  const release = tryLock(local, applicationLock);
  if (!release) {
    tell({ alreadyRunning: true });
    return 0;
  }
  const write = (line: string) => {
    console.log(line);
    tell({ line });
  };
  const stop = stopRequested(write);
  try {
    const up = await bringUp({ local, env: environment, demo: options.demo, write, signal: stop.signal });
    tell({ ready: up.addresses });
    await stop.requested;
    await up.stop();
    return 0;
  } catch (error) {
    const message = error instanceof DevError ? error.message : error instanceof Error ? error.stack : String(error);
    console.error(message);
    tell({ failed: message ?? 'unknown' });
    return 1;
  } finally {
    release();
  }
}
