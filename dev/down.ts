/** Stops everything that this clone runs, by whomever it was started, and can throw its data away. */
import { setTimeout as wait } from 'node:timers/promises';
import { findEngine, removeContainers, stopContainers } from './containers.ts';
import { DevError } from './dev-error.ts';
import { givenAddresses } from './infrastructure.ts';
import type { LocalFolder } from './local-stack/folder.ts';
import { removeServerData, stopServers } from './local-stack/index.ts';
import { lockHolder } from './local-stack/lock.ts';
import { stopDaemon } from './local-stack/process.ts';
import { stillRuns } from './local-stack/process-record.ts';
import { liveStream, services } from './services.ts';
import { readStackFile, removeStackFile } from './stack-file.ts';

/** Name of the lock that the supervising process holds as long as it lives. */
export const applicationLock = 'application';

/** Returns the titles of what was stopped. */
export async function bringDown(local: LocalFolder): Promise<string[]> {
  const stopped: string[] = [];
  const supervisor = lockHolder(local, applicationLock);
  const infrastructure = readStackFile(local)?.infrastructure;
  if (supervisor) {
    process.kill(supervisor.pid, 'SIGTERM');
    while (stillRuns(supervisor)) await wait(50);
    stopped.push('the application');
  }
  for (const { name, title } of [...services, liveStream]) {
    if (await stopDaemon(local, name)) stopped.push(title);
  }
  stopped.push(...(await stopServers(local)));
  if (infrastructure === 'containers') {
    const engine = findEngine();
    if (engine) await stopContainers(engine, local);
  }
  removeStackFile(local);
  return stopped;
}

/** Throws away the data of this clone's servers; nothing of it may run. */
export async function removeData(local: LocalFolder, env: Readonly<NodeJS.ProcessEnv>): Promise<void> {
  if (givenAddresses(env)) {
    throw new DevError(
      '--fresh deletes only what this project stores itself, and these servers are given by the environment.',
      'Start without --fresh; for an empty installation on the same servers set another SALES_NAMESPACE.',
    );
  }
  const engine = findEngine();
  if (engine) await removeContainers(engine, local);
  removeServerData(local);
}
