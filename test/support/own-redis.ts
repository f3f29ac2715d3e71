/** A Redis of the test's own, which it may kill: the shared one is everybody's. It keeps nothing unless told to. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLocalFolder } from '../../dev/local-stack/folder.ts';
import { anyFreePort } from '../../dev/local-stack/ports.ts';
import { untilReady } from '../../dev/local-stack/process.ts';
import { redis } from '../../dev/local-stack/redis.ts';
import { installSystemPackages } from '../../dev/local-stack/system-packages.ts';
import { silent } from '../../dev/progress.ts';

export interface OwnRedis {
  url: string;
  /** Starts it again, with its last snapshot if it has one, and waits until it answers. */
  start(): Promise<void>;
  /** kill -9. */
  kill(): Promise<void>;
  /** Kills it and removes its data. */
  remove(): Promise<void>;
}

export async function startOwnRedis(): Promise<OwnRedis> {
  await installSystemPackages(silent);
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'sales-redis-')));
  const local = openLocalFolder(root);
  const place = { local, ports: { main: await anyFreePort() } };
  const url = redis.address(place);
  let server: ChildProcess | undefined;

  async function start(): Promise<void> {
    const { command, args, cwd } = await redis.prepare(place);
    const child = spawn(command, [...args, '--save', ''], { cwd, stdio: 'ignore' });
    server = child;
    const killWithTest = () => child.kill('SIGKILL');
    process.once('exit', killWithTest);
    child.once('exit', () => process.off('exit', killWithTest));
    const isRunning = () => child.exitCode === null && child.signalCode === null;
    const what = { title: "The test's own Redis", log: join(local.logs, 'redis.log'), isRunning };
    await untilReady(what, () => redis.probe(url));
  }

  async function kill(): Promise<void> {
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    const exit = once(server, 'exit');
    server.kill('SIGKILL');
    await exit;
  }

  await start();
  return {
    url,
    start,
    kill,
    async remove() {
      await kill();
      rmSync(root, { recursive: true, force: true });
    },
  };
}
