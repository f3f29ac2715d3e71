import type { Redis } from 'ioredis';
import { safeInteger } from '../postgres/index.ts';
import { windowKeys } from './keys.ts';
import type { WindowPlace } from './live-window.ts';

/** All that Redis holds of one window at one moment, as it is: unchecked texts, for whoever proves it. */
export interface WindowContents {
  partition: number;
  /** Everything below is included; null while the window is being rebuilt. */
  fence: number | null;
  /** The first minute that was kept when the window was last written; 0 before that. */
  keptFrom: number;
  /** `<minute>|<currency>|orders` and `<minute>|<currency>|net`. */
  fields: ReadonlyMap<string, string>;
  /** `<minute>|<currency>` of the figures that readers get. */
  listed: ReadonlySet<string>;
  /** JSON of the recent entries, in order of the offset that each is filed under. */
  recent: readonly { offset: string; json: string }[];
}

/** Reads a window by plain commands in one transaction. Shares nothing with the script that readers use but the keys. */
export async function readContents(
  redis: Redis,
  prefix: string,
  { generation, partition }: WindowPlace,
): Promise<WindowContents> {
  const keys = windowKeys(prefix, generation, partition);
  const replies = await redis
    .multi()
    .get(keys.fence)
    .get(keys.pruned)
    .hgetall(keys.minutes)
    .zrange(keys.touched, 0, -1)
    .zrange(keys.recent, 0, -1, 'WITHSCORES')
    .exec();
  const [fence, keptFrom, fields, listed, recent] = (replies ?? []).map(([error, reply]) => {
    if (error) throw error;
    return reply;
  }) as [string | null, string | null, Record<string, string>, string[], string[]];
  return {
    partition,
    fence: fence === null ? null : safeInteger(fence),
    keptFrom: Number(keptFrom ?? 0),
    fields: new Map(Object.entries(fields)),
    listed: new Set(listed),
    recent: inPairs(recent),
  };
}

function inPairs(entries: readonly string[]): WindowContents['recent'] {
  const pairs: { offset: string; json: string }[] = [];
  for (let at = 0; at < entries.length; at += 2) pairs.push({ json: entries[at] ?? '', offset: entries[at + 1] ?? '' });
  return pairs;
}
