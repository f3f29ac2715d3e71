/** What the person sees while things start: one line a step, with its time. */

export interface Progress {
  say(text: string): void;
  /** Runs one step. `note` shows how far it is. */
  step<T>(title: string, work: (note: (text: string) => void) => Promise<T>): Promise<T>;
}

/** Says nothing; errors still reach the caller. */
export const silent: Progress = { say() {}, step: (_title, work) => work(() => {}) };

/** Writes lines; notes of a long step at most once in two seconds. */
export function progressTo(write: (line: string) => void, now: () => number = () => performance.now()): Progress {
  return {
    say: write,
    async step(title, work) {
      const start = now();
      let lastNote = start;
      const seconds = () => `${((now() - start) / 1000).toFixed(1)} s`;
      const note = (text: string) => {
        if (now() - lastNote < 2000) return;
        lastNote = now();
        write(`${title} … ${text}, ${seconds()}`);
      };
      try {
        const result = await work(note);
        write(`${title} … ready in ${seconds()}`);
        return result;
      } catch (error) {
        write(`${title} … failed after ${seconds()}`);
        throw error;
      }
    },
  };
}
