/** A Kafka broker of the test's own, which it may kill: the shared ones are everybody's. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLocalFolder } from '../../dev/local-stack/folder.ts';
import { fetchJars } from '../../dev/local-stack/java.ts';
import { kafka } from '../../dev/local-stack/kafka.ts';
import { anyFreePort } from '../../dev/local-stack/ports.ts';
import { untilReady } from '../../dev/local-stack/process.ts';
import { installSystemPackages } from '../../dev/local-stack/system-packages.ts';
import { silent } from '../../dev/progress.ts';

export interface OwnKafka {
  /** Starts it again on the data that it has, and waits until it answers. */
  start(): Promise<void>;
  /** kill -9. */
  kill(): Promise<void>;
  /** Kills it and removes its data. */
  remove(): Promise<void>;
}

const READY_WITHIN_MS = 120_000;

/** `port` is where it listens, `advertisedPort` where it tells clients to connect to: that of a proxy, or the same. */
export async function startOwnKafka(port: number, advertisedPort: number): Promise<OwnKafka> {
  await installSystemPackages(silent);
  const shared = openLocalFolder();
  await fetchJars(shared, () => {});
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'sales-kafka-')));
  const local = openLocalFolder(root);
  symlinkSync(join(shared.path, 'java'), join(local.path, 'java'));
  const ports = { main: port, controller: await anyFreePort() };
  const log = join(local.logs, 'kafka.log');
  let broker: ChildProcess | undefined;

  async function start(): Promise<void> {
    const { command, args, cwd } = await kafka.prepare({ local, ports });
    advertise(join(local.path, 'kafka/server.properties'), advertisedPort);
    const output = openSync(log, 'a');
    const child = spawn(command, args, { cwd, stdio: ['ignore', output, output] });
    closeSync(output);
    broker = child;
    const killWithTest = () => child.kill('SIGKILL');
    process.once('exit', killWithTest);
    child.once('exit', () => process.off('exit', killWithTest));
    const isRunning = () => child.exitCode === null && child.signalCode === null;
    const what = { title: "The test's own Kafka", log, isRunning, timeoutMs: READY_WITHIN_MS };
    await untilReady(what, () => kafka.probe(`127.0.0.1:${port}`));
  }

  async function kill(): Promise<void> {
    if (!broker || broker.exitCode !== null || broker.signalCode !== null) return;
    const exit = once(broker, 'exit');
    broker.kill('SIGKILL');
    await exit;
  }

  await start();
  return {
    start,
    kill,
    async remove() {
      await kill();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

function advertise(settings: string, port: number): void {
  const text = readFileSync(settings, 'utf8');
  writeFileSync(settings, text.replace(/^(advertised\.listeners=.*:)\d+$/m, `$1${port}`));
}
