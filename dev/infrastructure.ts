/** Where Kafka, registry, Postgres and Redis come from: the environment, else a container engine, else the local stack. */
import { findEngine, startContainers } from './containers.ts';
import { DevError } from './dev-error.ts';
import type { LocalFolder } from './local-stack/folder.ts';
import { ensureServers } from './local-stack/index.ts';
import { probes } from './local-stack/probes.ts';
import { addressSettings, serverNames } from './local-stack/server.ts';
import type { Progress } from './progress.ts';
import type { Infrastructure } from './stack-file.ts';

export interface Servers {
  infrastructure: Infrastructure;
  /** The four addresses, by the names of their settings. */
  env: Record<string, string>;
  /** Stops what this call started, and nothing else. Data stays. */
  stop(): Promise<void>;
}

/** Brings the servers up and returns when all four answer. Throws {@link DevError} with what to do. */
export async function bringUpServers(
  local: LocalFolder,
  env: Readonly<NodeJS.ProcessEnv>,
  progress: Progress,
  signal?: AbortSignal,
): Promise<Servers> {
  const given = givenAddresses(env);
  if (given) {
    await Promise.all(serverNames.map((name) => checkGiven(addressSettings[name], given, probes[name])));
    progress.say('Servers given by the environment answer');
    return { infrastructure: 'environment', env: given, stop: async () => {} };
  }
  const engine = findEngine();
  if (engine) {
    const { env: addresses, stop } = await startContainers(engine, local, progress, signal);
    return { infrastructure: 'containers', env: addresses, stop };
  }
  const { env: addresses, stop } = await ensureServers(progress, local, signal);
  return { infrastructure: 'local stack', env: addresses, stop };
}

/** The four addresses if the environment gives them all; undefined if it gives none. Throws when some are missing. */
export function givenAddresses(env: Readonly<NodeJS.ProcessEnv>): Record<string, string> | undefined {
  const settings = Object.values(addressSettings);
  const missing = settings.filter((setting) => !env[setting]);
  if (missing.length === settings.length) return undefined;
  if (missing.length === 0) return Object.fromEntries(settings.map((setting) => [setting, env[setting] ?? '']));
  throw new DevError(
    `Some servers are given by the environment, and ${missing.join(', ')} ${missing.length > 1 ? 'are' : 'is'} not set.`,
    `Set all of ${settings.join(', ')}, or none of them to have servers started.`,
  );
}

async function checkGiven(setting: string, env: Record<string, string>, probe: (address: string) => Promise<void>) {
  const address = env[setting] ?? '';
  await probe(address).catch((error) => {
    const shown = address.replace(/:[^:@/]*@/, ':***@');
    throw new DevError(
      `${setting}=${shown} does not answer: ${error instanceof Error ? error.message : error}.`,
      `Start that server, or unset ${Object.values(addressSettings).join(', ')} to have servers started.`,
    );
  });
}
