/** How far a long command is: a bar on a terminal, lines or JSON lines elsewhere. Always on standard error. */

export interface Progress {
  update(done: number, total: number): void;
  /** A line of text that stays, above the bar. */
  say(text: string): void;
  /** Removes the bar; elsewhere writes where it stands. */
  stop(): void;
}

export interface ProgressOptions {
  /** What is being done, e.g. "Sending". */
  label: string;
  /** What is counted, e.g. "rows". */
  unit: string;
  /** JSON lines instead of text. */
  json?: boolean;
  output?: ProgressOutput;
  /** Milliseconds that only grow. */
  now?: () => number;
}

export interface ProgressOutput {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

export interface Standing {
  done: number;
  total: number;
  perSecond: number;
  /** Undefined as long as nothing moves. */
  secondsLeft: number | undefined;
}

type Mode = 'bar' | 'json' | 'plain';

const EVERY_MS: Record<Mode, number> = { bar: 100, json: 1000, plain: 2000 };
const ERASE_LINE = '\r\u001b[2K';

export function createProgress(options: ProgressOptions): Progress {
  const { label, unit, output = process.stderr, now = () => performance.now() } = options;
  const mode: Mode = options.json ? 'json' : output.isTTY ? 'bar' : 'plain';
  const start = now();
  const pace = createPace(start);
  let standing: Standing | undefined;
  let shown = mode === 'bar' ? Number.NEGATIVE_INFINITY : start;
  let dirty = false;

  const show = () => {
    dirty = false;
    shown = now();
    if (!standing) return;
    if (mode === 'json') output.write(`${JSON.stringify({ progress: label, unit, ...standing })}\n`);
    else if (mode === 'plain') output.write(`${label}: ${describeStanding(standing, unit)}\n`);
    else output.write(ERASE_LINE + renderBar(label, standing, unit, output.columns ?? 80));
  };
  return {
    update(done, total) {
      const perSecond = pace(done, now());
      const secondsLeft = perSecond > 0 ? Math.max(0, total - done) / perSecond : undefined;
      standing = { done, total, perSecond: Math.round(perSecond), secondsLeft };
      dirty = true;
      if (now() - shown >= EVERY_MS[mode]) show();
    },
    say(text) {
      if (mode === 'json') output.write(`${JSON.stringify({ message: text })}\n`);
      else output.write(`${mode === 'bar' ? ERASE_LINE : ''}${text}\n`);
      if (mode === 'bar') show();
    },
    stop() {
      if (mode === 'bar') output.write(ERASE_LINE);
      else if (dirty) show();
    },
  };
}

/** How many a second, of the last five seconds or so. */
function createPace(start: number): (done: number, now: number) => number {
  const samples: [time: number, done: number][] = [[start, 0]];
  return (done, now) => {
    const last = samples.at(-1);
    if (!last || now - last[0] >= 250) samples.push([now, done]);
    while (samples.length > 20) samples.shift();
    const [since, before] = samples[0] ?? [start, 0];
    return now > since ? ((done - before) * 1000) / (now - since) : 0;
  };
}

/** `Sending  ███████░░░░░  312,500 of 539,391 rows, 45,210/s, 5 s left`, cut to the width of the terminal. */
export function renderBar(label: string, standing: Standing, unit: string, columns: number): string {
  const text = describeStanding(standing, unit);
  const width = Math.min(30, columns - label.length - text.length - 5);
  if (width < 5) return `${label}  ${text}`.slice(0, Math.max(0, columns - 1));
  const full = standing.total > 0 ? Math.min(width, Math.round((standing.done / standing.total) * width)) : 0;
  return `${label}  ${'█'.repeat(full)}${'░'.repeat(width - full)}  ${text}`;
}

function describeStanding({ done, total, perSecond, secondsLeft }: Standing, unit: string): string {
  const left = secondsLeft === undefined ? '' : `, ${describeSeconds(secondsLeft)} left`;
  return `${formatCount(done)} of ${formatCount(total)} ${unit}, ${formatCount(perSecond)}/s${left}`;
}

export function describeSeconds(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

export function formatCount(count: number): string {
  return Math.round(count).toLocaleString('en-US');
}
