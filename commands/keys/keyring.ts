/**
 * The active API keys in the memory of a process, so that no request asks Postgres. What an operator changes takes
 * effect within {@link REFRESH_MS} and the time of one query.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../../platform/logger.ts';
import type { ActiveKey, KeyStore } from './store.ts';

const REFRESH_MS = 2000;
/** With Postgres away the keys that were known go on for so long; then none is. */
const KEEP_MS = 5 * 60_000;
/** Keys that nobody knows are looked up together, so that guessing keeps nobody busy. */
const LOOK_UP_MS = 100;
/** How long a look-up may take. */
const PATIENCE_MS = 5000;

/** It can't be said now whether a key is good: Postgres is away. */
export class KeysAwayError extends Error {
  override name = 'KeysAwayError';
}

export interface Keyring {
  /**
   * The key as it was a moment ago; undefined when there is none that is active. Throws {@link KeysAwayError} when
   * that was too long ago.
   */
  get(id: string): ActiveKey | undefined;
  /** As {@link Keyring.get}, and a key that was made a moment ago is found. Rejects with {@link KeysAwayError}. */
  find(id: string): Promise<ActiveKey | undefined>;
  close(): Promise<void>;
}

/** Loads the keys, and goes on if that fails: whoever needs none is served. */
export async function openKeyring(
  store: Pick<KeyStore, 'loadActive'>,
  logger: Logger,
  now: () => number,
): Promise<Keyring> {
  let keys = new Map<string, ActiveKey>();
  let used = new Set<string>();
  let loadedAt = Number.NEGATIVE_INFINITY;
  let isAway = false;
  let loading: Promise<boolean> | undefined;
  let lookingUp: Promise<boolean> | undefined;

  /** Resolves to whether that went well. */
  function load(): Promise<boolean> {
    loading ??= loadNow().finally(() => {
      loading = undefined;
    });
    return loading;
  }

  async function loadNow(): Promise<boolean> {
    const noting = used;
    used = new Set();
    try {
      const active = await store.loadActive([...noting]);
      keys = new Map(active.map((key) => [key.id, key]));
      loadedAt = now();
      if (isAway) logger.info('API keys are loaded again');
      isAway = false;
    } catch (error) {
      for (const id of noting) used.add(id);
      if (!isAway) logger.warn({ err: error }, 'API keys can not be loaded');
      isAway = true;
    }
    return !isAway;
  }

  function lookUp(): Promise<boolean> {
    lookingUp ??= delay(LOOK_UP_MS).then(() => {
      lookingUp = undefined;
      return load();
    });
    return Promise.race([lookingUp, delay(PATIENCE_MS, false, { ref: false })]);
  }

  function get(id: string): ActiveKey | undefined {
    const at = now();
    if (at - loadedAt > KEEP_MS) throw new KeysAwayError('API keys can not be looked up now');
    const key = keys.get(id);
    if (!key || key.expiresAt <= at) return undefined;
    used.add(id);
    return key;
  }

  await Promise.race([load(), delay(PATIENCE_MS)]);
  const refreshing = setInterval(load, REFRESH_MS);

  return {
    get,
    async find(id) {
      if (!keys.has(id) && !(await lookUp())) throw new KeysAwayError('API keys can not be looked up now');
      return get(id);
    },
    async close() {
      clearInterval(refreshing);
      await load();
    },
  };
}
