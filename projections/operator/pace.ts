/** How fast a run through the log is, and when it will be done. */
export interface Pace {
  done: number;
  total: number;
  eventsPerSecond: number;
  secondsLeft: number;
}

/** From counts to paces: over the last ten seconds or so, so that a pause shows. */
export function createPace(now: () => number = Date.now): (done: number, total: number) => Pace {
  const WINDOW_MS = 10_000;
  let samples: { at: number; done: number }[] = [];
  return (done, total) => {
    const at = now();
    samples = samples.filter((sample) => sample.done <= done && at - sample.at <= WINDOW_MS);
    const first = samples[0] ?? { at, done };
    samples.push({ at, done });
    const seconds = (at - first.at) / 1000;
    const eventsPerSecond = seconds > 0 ? Math.round((done - first.done) / seconds) : 0;
    const secondsLeft = eventsPerSecond > 0 ? Math.ceil((total - done) / eventsPerSecond) : 0;
    return { done, total, eventsPerSecond, secondsLeft };
  };
}
