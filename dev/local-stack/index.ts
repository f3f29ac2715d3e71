/** The local stack: Kafka, schema registry, Postgres and Redis as plain processes of this clone. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Progress } from '../progress.ts';
import { checkDiskSpace, dataFolders, type LocalFolder, openLocalFolder } from './folder.ts';
import { fetchJars, hasJars } from './java.ts';
import { kafka } from './kafka.ts';
import { withLock } from './lock.ts';
import { claimPorts, rememberedPorts } from './ports.ts';
import { postgres } from './postgres.ts';
import { daemonPid, logFile, startDaemon, stopDaemon, untilReady } from './process.ts';
import { redis } from './redis.ts';
import { registry } from './registry.ts';
import { addressSettings, type LocalServer, type Place } from './server.ts';
import { installSystemPackages } from './system-packages.ts';
import { enterUsers } from './users.ts';

export const localServers: readonly LocalServer[] = [kafka, registry, postgres, redis];

export interface RunningServers {
  /** The four addresses, by the names of their settings. */
  env: Record<string, string>;
  /** Names of the servers that this call started; the others ran before. */
  started: string[];
  /** Stops those that this call started, unless another process uses them by now. Their data stays. */
  stop(): Promise<void>;
}

/** Starts what doesn't run yet of this clone's servers, all at the same time, and waits until each of them answers. */
export async function ensureServers(
  progress: Progress,
  local = openLocalFolder(),
  signal?: AbortSignal,
): Promise<RunningServers> {
  checkDiskSpace(local.path);
  return withLock(local, 'servers', async () => {
    await installSystemPackages(progress, signal);
    if (!hasJars(local)) {
      await progress.step('Download Kafka and the schema registry', (note) => fetchJars(local, note, signal));
    }
    const started: string[] = [];
    const outcomes = await Promise.allSettled(
      localServers.map(async (server) => {
        if (await answers(server, local, signal)) return progress.say(`${server.title} runs already`);
        started.push(server.name);
        await progress.step(server.title, () => start(server, local, signal));
      }),
    );
    const leave = enterUsers(local);
    const stop = async () => {
      if (leave() === 0) await stopServers(local, started);
    };
    const failure = outcomes.find((outcome) => outcome.status === 'rejected');
    if (!failure) return { env: serverAddresses(local), started, stop };
    await stop();
    throw failure.reason;
  });
}

/** The addresses on which this clone's servers run, or would run. */
export function serverAddresses(local: LocalFolder): Record<string, string> {
  return Object.fromEntries(
    localServers.map((server) => [addressSettings[server.name], server.address(placeOf(server, local))]),
  );
}

/** Servers whose process is not there. Says nothing about the health of the others: for that, ask them (`probes.ts`). */
export function missingServers(local: LocalFolder): LocalServer[] {
  return localServers.filter(({ name }) => daemonPid(local, name) === undefined);
}

/** Stops servers of this clone, the registry and the databases at the same time as Kafka. Returns the titles of those that ran. */
export async function stopServers(local: LocalFolder, names: readonly string[] = localServers.map(({ name }) => name)) {
  const stopped = await Promise.all(
    localServers
      .filter((server) => names.includes(server.name))
      .map(async (server) => ((await stopDaemon(local, server.name)) ? [server.title] : [])),
  );
  return stopped.flat();
}

/** Throws away all data of this clone's servers. They must not run. */
export function removeServerData(local: LocalFolder): void {
  for (const folder of dataFolders) rmSync(join(local.path, folder), { recursive: true, force: true });
  for (const server of localServers) server.removeOutsideData?.(local);
}

async function start(server: LocalServer, local: LocalFolder, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  // One that runs and doesn't answer is replaced; its data is safe.
  await stopDaemon(local, server.name);
  const place = { local, ports: await claimPorts(local, server.name, server.ports) };
  await startDaemon(local, server.name, await server.prepare(place));
  const log = logFile(local, server.name);
  const isRunning = () => daemonPid(local, server.name) !== undefined;
  await untilReady({ title: server.title, log, isRunning, signal }, () => server.probe(server.address(place)));
}

/** False when it doesn't run, or has not answered for so long that a busy machine is no excuse. */
async function answers(server: LocalServer, local: LocalFolder, signal?: AbortSignal): Promise<boolean> {
  const isRunning = () => daemonPid(local, server.name) !== undefined;
  if (!isRunning()) return false;
  const what = { title: server.title, log: logFile(local, server.name), isRunning, timeoutMs: 20_000, signal };
  return untilReady(what, () => server.probe(server.address(placeOf(server, local)))).then(
    () => true,
    () => false,
  );
}

function placeOf(server: LocalServer, local: LocalFolder): Place {
  return { local, ports: rememberedPorts(local, server.name, server.ports) };
}
