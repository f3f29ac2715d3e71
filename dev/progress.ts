/** What the person sees while things start: one line a step, with its time. */

export interface Progress {
  say(text: string): void;
  /** Runs one step. `note` shows how far it is. */
  step<T>(title: string, work: (note: (text: string) => void) => Promise<T>): Promise<T>;
}

/** Says nothing; errors still reach the caller. */
export const silent: Progress = { say() {}, step: (_title, work) => work(() => {}) };

const secondsBetweenNotes = 2;

/** Writes lines, each with the prefix; notes of a long step at most every two seconds. */
export function progressTo(write: (line: string) => void, prefix = ''): Progress {
  const say = (text: string) => write(`${prefix}${text}`);
  return {
    say,
    async step(title, work) {
      const start = performance.now();
      const seconds = () => (performance.now() - start) / 1000;
      let noted = 0;
      const note = (text: string) => {
        if (seconds() - noted < secondsBetweenNotes) return;
        noted = seconds();
        say(`${title} … ${text}`);
      };
      try {
        const result = await work(note);
        say(`${title} … ready in ${seconds().toFixed(1)} s`);
        return result;
      } catch (error) {
        say(`${title} … failed after ${seconds().toFixed(1)} s`);
        throw error;
      }
    },
  };
}
