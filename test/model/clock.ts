/** Virtual time: what waits runs when it is due, one thing after another, and costs no real time. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { syncBuiltinESMExports } from 'node:module';
import timersPromises from 'node:timers/promises';

interface Task {
  due: number;
  run(): void;
}

const turn = setImmediate;

export class Clock {
  #now = 0;
  /** In order of due time, then of arrival. */
  readonly #tasks: Task[] = [];

  /** Virtual milliseconds since the history began. */
  get now(): number {
    return this.#now;
  }

  /** Runs something later. Gives what takes it back. */
  after(milliseconds: number, run: () => void): () => void {
    const task = { due: this.#now + Math.max(0, milliseconds), run };
    let at = this.#tasks.length;
    while (at > 0 && (this.#tasks[at - 1]?.due ?? 0) > task.due) at -= 1;
    this.#tasks.splice(at, 0, task);
    return () => {
      const found = this.#tasks.indexOf(task);
      if (found >= 0) this.#tasks.splice(found, 1);
    };
  }

  delay(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(milliseconds, resolve);
    });
  }

  /** Lets time pass until something holds (true), or until the time is up or nothing waits any more (false). */
  async runUntil(holds: () => boolean, milliseconds = Number.POSITIVE_INFINITY): Promise<boolean> {
    const deadline = this.#now + milliseconds;
    // All that follows from a task, however many promises deep, happens before the next one.
    for (; ; await new Promise((resolve) => turn(resolve))) {
      if (holds()) return true;
      const task = this.#tasks[0];
      if (!task || task.due > deadline) {
        if (Number.isFinite(deadline)) this.#now = deadline;
        return false;
      }
      this.#tasks.shift();
      this.#now = task.due;
      task.run();
    }
  }
}

/** Whose timers are virtual: what was begun within {@link withVirtualTimers}, and nothing else in this process. */
const virtual = new AsyncLocalStorage<Clock>();
const real = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout };
const realDelay = timersPromises.setTimeout;

/** Does `work` with all timers that it sets being the clock's. */
export async function withVirtualTimers<T>(clock: Clock, work: () => Promise<T>): Promise<T> {
  globalThis.setTimeout = ((run: (...args: unknown[]) => void, milliseconds?: number, ...args: unknown[]) =>
    virtual.getStore()?.after(milliseconds ?? 0, run) ??
    real.setTimeout(run, milliseconds, ...args)) as typeof setTimeout;
  globalThis.clearTimeout = (timer) =>
    typeof timer === 'function' ? (timer as () => void)() : real.clearTimeout(timer);
  timersPromises.setTimeout = ((milliseconds?: number, value?: unknown, options?: { signal?: AbortSignal }) => {
    const store = virtual.getStore();
    return store ? delayOn(store, milliseconds, value, options) : realDelay(milliseconds, value, options);
  }) as typeof timersPromises.setTimeout;
  syncBuiltinESMExports();
  try {
    return await virtual.run(clock, work);
  } finally {
    Object.assign(globalThis, real);
    timersPromises.setTimeout = realDelay;
    syncBuiltinESMExports();
  }
}

async function delayOn(clock: Clock, milliseconds = 0, value?: unknown, { signal }: { signal?: AbortSignal } = {}) {
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    clock.after(milliseconds, resolve);
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  return value;
}
