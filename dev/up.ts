/** Brings everything up, from empty folders to a live dashboard, and keeps it running until told to stop. */
import { readConfig } from '../platform/config.ts';
import { runTask } from './child.ts';
import { buildDashboard } from './dashboard-build.ts';
import { DevError } from './dev-error.ts';
import { bringUpServers } from './infrastructure.ts';
import type { LocalFolder } from './local-stack/folder.ts';
import { isFree } from './local-stack/ports.ts';
import { stopDaemon } from './local-stack/process.ts';
import { type Progress, progressTo } from './progress.ts';
import { watchServers } from './server-watch.ts';
import { type Addresses, addressesOf, liveStream, services } from './services.ts';
import { setUp } from './setup.ts';
import { type RunningService, removeStackFile, type StackFile, writeStackFile } from './stack-file.ts';
import { createSupervisor } from './supervisor.ts';

export interface UpOptions {
  local: LocalFolder;
  env: Readonly<NodeJS.ProcessEnv>;
  /** Seed data and the live stream too. */
  demo: boolean;
  write(line: string): void;
  /** Aborted when the person has had enough. */
  signal: AbortSignal;
}

export interface Up {
  addresses: Addresses;
  /** Stops what was started, and nothing else. */
  stop(): Promise<void>;
}

/** Throws {@link DevError} with what to do, after having stopped what it had started. */
export async function bringUp(options: UpOptions): Promise<Up> {
  const { local, env, demo, write, signal } = options;
  const closers: (() => unknown)[] = [];
  const stop = async () => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  const count = demo ? 7 : 5;
  const step = (number: number): Progress => progressTo(write, `[${number}/${count}] `);
  try {
    await stopLeftovers(local);
    await checkServicePorts(env);
    const bringingUp = bringUpServers(local, env, step(2), signal);
    await settled([bringingUp.then(({ stop }) => closers.push(stop)), buildDashboard(local, step(3), signal)]);
    const servers = await bringingUp;
    const config = readConfig({ ...env, ...servers.env });
    const addresses = addressesOf(config);
    const settings: Record<string, string> = {
      ...servers.env,
      SALES_NAMESPACE: config.namespace,
      SALES_HTTP_PORT: String(config.httpPort),
      SALES_COMMANDS_PORT: String(config.commandsPort),
    };
    await step(4).step('Topics, schemas and tables', () => setUp(config));

    const stack: StackFile = { infrastructure: servers.infrastructure, env: settings, ready: false, services: [] };
    let closed = false;
    const record = (change: Partial<StackFile>) => {
      if (!closed) writeStackFile(local, Object.assign(stack, change));
    };
    record({});
    const watch = watchServers({ local, env, servers, say: write, signal, onBack: useAddresses });
    closers.push(() => watch.stop());
    closers.push(() => {
      closed = true;
      removeStackFile(local);
    });
    /** Services keep the addresses that they were started with: a server that moved needs them started again. */
    async function useAddresses(moved: Record<string, string>) {
      if (Object.entries(moved).every(([name, address]) => settings[name] === address)) return;
      record({ env: Object.assign(settings, moved) });
      await stopLeftovers(local);
    }
    const onChange = (running: RunningService[]) => record({ services: running });
    const supervisor = createSupervisor({ local, env: settings, addresses, say: write, onChange });
    closers.push(() => supervisor.stop());
    signal.addEventListener('abort', () => void supervisor.stop(), { once: true });
    const starting = services.map((service) => step(5).step(service.title, () => supervisor.start(service)));
    await settled(starting);
    if (demo) {
      await step(6).step('Seed data', (note) =>
        runTask(local, {
          title: 'Loading the seed data',
          name: 'seed',
          args: ['--import', 'tsx', 'cli/main.ts', 'seed'],
          env: settings,
          onLine: note,
          signal,
        }),
      );
      await step(7).step(liveStream.title, () => supervisor.start(liveStream));
    }
    signal.throwIfAborted();
    record({ ready: true });
    return { addresses, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Services of a supervisor that was killed run on without it; they would hold the ports. Its own it starts again. */
async function stopLeftovers(local: LocalFolder): Promise<void> {
  await Promise.all([...services, liveStream].map(({ name }) => stopDaemon(local, name)));
}

async function checkServicePorts(env: Readonly<NodeJS.ProcessEnv>): Promise<void> {
  const { host, httpPort, commandsPort } = readConfig({ ...env, SALES_MODE: 'development' });
  const wanted = { SALES_HTTP_PORT: httpPort, SALES_COMMANDS_PORT: commandsPort };
  for (const [setting, port] of Object.entries(wanted)) {
    if (await isFree(port, host)) continue;
    throw new DevError(
      `Port ${port} on ${host} is taken by another program.`,
      `Stop that program, or choose another port: ${setting}=${port + 100} npm start`,
    );
  }
}

/** Like Promise.all, but waits for the others when one fails, so that nothing is started behind the back of who cleans up. */
async function settled(work: readonly Promise<unknown>[]): Promise<void> {
  await Promise.allSettled(work);
  await Promise.all(work);
}
