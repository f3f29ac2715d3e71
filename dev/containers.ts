/** The infrastructure of `docker-compose.yml`, run by a container engine if one is there. */
import { spawn, spawnSync } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { DevError } from './dev-error.ts';
import { environment } from './environment.ts';
import { type LocalFolder, projectRoot, secret } from './local-stack/folder.ts';
import { localServers } from './local-stack/index.ts';
import { claimPorts, rememberedPorts } from './local-stack/ports.ts';
import { logFile, logTail, untilReady } from './local-stack/process.ts';
import { addressSettings, type ServerName } from './local-stack/server.ts';
import type { Progress } from './progress.ts';

/** The words that start a compose command, such as `docker compose`. */
export type Engine = readonly [string, ...string[]];

const engines: readonly { isUp: readonly [string, ...string[]]; compose: readonly Engine[] }[] = [
  { isUp: ['docker', 'info'], compose: [['docker', 'compose'], ['docker-compose']] },
  { isUp: ['podman', 'info'], compose: [['podman', 'compose'], ['podman-compose']] },
];

/** A container engine that runs now and has compose. */
export function findEngine(): Engine | undefined {
  const works = ([command, ...args]: readonly [string, ...string[]]) =>
    spawnSync(command, args, { stdio: 'ignore', timeout: 5000 }).status === 0;
  for (const { isUp, compose } of engines) {
    if (works(isUp)) return compose.find((engine) => works([...engine, 'version']));
  }
  return undefined;
}

/** Starts the four containers, or uses them if they run, and waits until the servers answer. */
export async function startContainers(engine: Engine, local: LocalFolder, progress: Progress, signal?: AbortSignal) {
  const ranBefore = (await compose(engine, local, ['ps', '-q'])).trim() !== '';
  if (!ranBefore) {
    for (const { name, ports } of localServers) await claimPorts(local, portsKey(name), { main: ports.main });
  }
  await progress.step(`Containers (${engine.join(' ')} up)`, () =>
    compose(engine, local, ['up', '-d', ...localServers.map(({ name }) => name)]),
  );
  const log = logFile(local, 'containers');
  await Promise.all(
    localServers.map(({ name, title, probe }) =>
      progress.step(title, () =>
        untilReady({ title, log, isRunning: () => true, timeoutMs: 120_000, signal }, () =>
          probe(address(local, name)),
        ),
      ),
    ),
  );
  const env = Object.fromEntries(localServers.map(({ name }) => [addressSettings[name], address(local, name)]));
  return { env, stop: async () => (ranBefore ? undefined : stopContainers(engine, local)) };
}

export async function stopContainers(engine: Engine, local: LocalFolder): Promise<void> {
  await compose(engine, local, ['stop']);
}

/** Removes containers and their volumes: all data of this clone. */
export async function removeContainers(engine: Engine, local: LocalFolder): Promise<void> {
  await compose(engine, local, ['down', '--volumes']);
}

function address(local: LocalFolder, name: ServerName): string {
  const host = `127.0.0.1:${hostPort(local, name)}`;
  const addresses: Record<ServerName, string> = {
    kafka: host,
    registry: `http://${host}`,
    postgres: `postgres://sales:${secret(local, 'postgres')}@${host}/sales`,
    redis: `redis://${host}`,
  };
  return addresses[name];
}

function hostPort(local: LocalFolder, name: ServerName): number {
  const preferred = localServers.find((server) => server.name === name)?.ports.main ?? 0;
  return rememberedPorts(local, portsKey(name), { main: preferred }).main ?? preferred;
}

function portsKey(name: ServerName): string {
  return `container-${name}`;
}

/** Runs a compose command for this clone's project and returns what it printed. */
async function compose([command, ...first]: Engine, local: LocalFolder, args: string[]): Promise<string> {
  const variables = {
    POSTGRES_PASSWORD: secret(local, 'postgres'),
    ...Object.fromEntries(
      localServers.map(({ name }) => [`${name.toUpperCase()}_PORT`, String(hostPort(local, name))]),
    ),
  };
  const log = createWriteStream(logFile(local, 'containers'), { flags: 'a' });
  const child = spawn(command, [...first, '-p', `sales-analytics-${local.id}`, ...args], {
    cwd: projectRoot,
    env: { ...environment, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (data) => {
    output += data;
  });
  child.stderr.pipe(log);
  const code = await new Promise((resolve, reject) => {
    child.once('close', resolve);
    child.once('error', reject);
  });
  if (code === 0) return output;
  const said = logTail(logFile(local, 'containers'));
  throw new DevError(
    `${[command, ...first, ...args].join(' ')} failed.\n${said}`,
    'Put that right, or stop the container engine: then the local stack is used.',
  );
}
