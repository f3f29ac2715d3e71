/** What runs and whether it is ready, part by part. */
import { setTimeout as wait } from 'node:timers/promises';
import { DevError } from './dev-error.ts';
import { applicationLock } from './down.ts';
import { openLocalFolder } from './local-stack/folder.ts';
import { localServers, serverAddresses } from './local-stack/index.ts';
import { lockHolder } from './local-stack/lock.ts';
import { daemonPid } from './local-stack/process.ts';
import { addressSettings } from './local-stack/server.ts';
import { liveStream, type Service, services } from './services.ts';
import { readStackFile, type StackFile } from './stack-file.ts';
import { isHealthy } from './supervisor.ts';

export interface PartStatus {
  name: string;
  title: string;
  ready: boolean;
  /** Where it is, or why it is not ready. */
  detail: string;
}

/** Parts that died are started again within this time, unless something is in the way. */
const readyAgainMs = 30_000;

/** Reads the status until every part is ready. Throws {@link DevError} with what is not, after `patienceMs`. */
export async function untilReady(
  read: () => Promise<PartStatus[]>,
  write: (line: string) => void,
  patienceMs = readyAgainMs,
): Promise<void> {
  const deadline = Date.now() + patienceMs;
  for (let first = true; ; first = false) {
    const missing = (await read()).filter(({ ready }) => !ready);
    if (missing.length === 0) return;
    if (Date.now() > deadline) {
      throw new DevError(
        `It runs, but not all of it is ready:\n${formatStatus(missing)}`,
        'The logs are in .local/logs. To start everything again, with its data: npm stop, then npm start.',
      );
    }
    if (first) write(`Waiting for ${missing.map(({ title }) => title).join(', ')}`);
    await wait(500);
  }
}

/** Asks every server and every service. */
export async function readStatus(local = openLocalFolder()): Promise<PartStatus[]> {
  const stack = readStackFile(local);
  const supervised = lockHolder(local, applicationLock) !== undefined;
  const expected = stack?.services.some(({ name }) => name === liveStream.name) ? [...services, liveStream] : services;
  return Promise.all([
    ...localServers.map(async ({ name, title, probe }): Promise<PartStatus> => {
      const runsHere = daemonPid(local, name) !== undefined;
      const address =
        stack?.env[addressSettings[name]] ?? (runsHere ? serverAddresses(local)[addressSettings[name]] : '');
      if (!address) return { name, title, ready: false, detail: 'not running' };
      return probe(address).then(
        () => ({ name, title, ready: true, detail: withoutPassword(address) }),
        (error) => ({ name, title, ready: false, detail: error instanceof Error ? error.message : String(error) }),
      );
    }),
    ...expected.map((service) => serviceStatus(service, stack, supervised)),
  ]);
}

async function serviceStatus(service: Service, stack: StackFile | undefined, supervised: boolean): Promise<PartStatus> {
  const { name, title } = service;
  const running = stack?.services.find((candidate) => candidate.name === name);
  if (!running || !supervised) return { name, title, ready: false, detail: 'not running' };
  if (!running.health) return { name, title, ready: true, detail: `pid ${running.pid}` };
  if (!(await isHealthy(running.health)))
    return { name, title, ready: false, detail: `${running.health} is not ready` };
  const address = running.health.replace(/\/health$/, '');
  return { name, title, ready: true, detail: running.metrics ? `${address}, metrics ${running.metrics}` : address };
}

/** One line a part, in columns. */
export function formatStatus(parts: readonly PartStatus[]): string {
  return parts
    .map(({ title, ready, detail }) => `${title.padEnd(24)} ${(ready ? 'ready' : 'not ready').padEnd(10)} ${detail}`)
    .join('\n');
}

function withoutPassword(address: string): string {
  return address.replace(/:[^:@/]*@/, '@');
}
