/** Looks after the local stack: a server whose process is gone is started again, over its data. */
import { setTimeout as wait } from 'node:timers/promises';
import { bringUpServers, type Servers } from './infrastructure.ts';
import type { LocalFolder } from './local-stack/folder.ts';
import { missingServers } from './local-stack/index.ts';
import { logFile } from './local-stack/process.ts';
import { type Progress, progressTo } from './progress.ts';

const lookEveryMs = 2000;
const longestPauseMs = 30_000;

export interface WatchOptions {
  local: LocalFolder;
  env: Readonly<NodeJS.ProcessEnv>;
  /** What was brought up. Only servers of the local stack are looked after: others have their own keepers. */
  servers: Servers;
  say(line: string): void;
  /** Servers are back, at these addresses: other ones than before when somebody took a port meanwhile. */
  onBack(env: Record<string, string>): Promise<void>;
  /** Ends the looking. */
  signal: AbortSignal;
}

export interface ServerWatch {
  /** Ends the looking and stops the servers that were started again, and nothing else. */
  stop(): Promise<void>;
}

export function watchServers({ local, env, servers, say, onBack, signal }: WatchOptions): ServerWatch {
  const stops: (() => Promise<void>)[] = [];
  const over = new AbortController();
  const end = () => over.abort(signal.reason);
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  const progress: Progress = { ...progressTo(say), say() {} };

  async function look(): Promise<void> {
    let pauseMs = lookEveryMs;
    while (!over.signal.aborted) {
      await wait(pauseMs, undefined, { signal: over.signal }).catch(() => {});
      const missing = missingServers(local);
      if (over.signal.aborted || missing.length === 0) continue;
      for (const { name, title } of missing) {
        say(`${title} ended unexpectedly; its log is ${logFile(local, name)}. Starting it again`);
      }
      try {
        const again = await bringUpServers(local, env, progress, over.signal);
        stops.push(again.stop);
        await onBack(again.env);
        pauseMs = lookEveryMs;
      } catch (error) {
        if (over.signal.aborted) return;
        pauseMs = Math.min(pauseMs * 2, longestPauseMs);
        say(`${error instanceof Error ? error.message : error}\nTrying again in ${pauseMs / 1000} s`);
      }
    }
  }

  const looking = servers.infrastructure === 'local stack' ? look() : undefined;
  return {
    async stop() {
      end();
      await looking;
      for (const stop of stops) await stop();
    },
  };
}
