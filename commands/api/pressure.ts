/**
 * Whether the command side can take more. Single commands are refused before anything is appended, so that it is known
 * that nothing happened; streams are not read on until there is room again.
 */
import type { Load } from './gateway.ts';
import { type Problem, ProblemError, problems } from './problem.ts';
import { waitIn } from './wait.ts';

export type Reason = 'log-away' | 'log-behind' | 'busy';

export interface Pressure {
  /** Why no single command is taken now, if so. */
  refusal(): Problem | undefined;
  /** Whether streams must wait. */
  readonly isHigh: boolean;
  /**
   * Resolves when a stream may go on. Streams take turns: one goes on in each turn of the event loop, so that however
   * many there are, none of them holds up single commands for longer than it needs for a few lines. Rejects when `gone`
   * aborts, and nothing of the stream is left here.
   */
  room(gone: AbortSignal): Promise<void>;
  /** Streams that wait for room. */
  readonly waiting: number;
  /** A stream begins; gives what to call at its end. Throws {@link ProblemError} when there are too many. */
  enter(): () => void;
  /** Streams that have begun and not ended. */
  readonly streams: number;
  /** How many outcomes one stream may have outstanding: as many as all may have, by the number of streams. */
  readonly share: number;
}

export interface PressureOptions {
  /** What is under way in this process. */
  load: Load;
  /** Undecided commands in the log, whoever sent them. */
  undecided(): number;
  maxUndecided: number;
  /** Milliseconds since 1970. */
  now(): number;
  onRefused(reason: Reason): void;
}

/** What this process takes on at the same time, for flat memory: commands without outcome, bytes not in the log yet. */
const MAX = { commands: 20_000, bytes: 48e6 };
/** Streams stop here, so that some room is left for single commands. */
const STREAMED = { commands: 16_000, bytes: 32e6 };
/** Each may hold some 260 KB that were read ahead, also after its client has gone: node sees that when it reads on. */
const MAX_STREAMS = 500;
const LEAST_SHARE = 50;
/** How long Kafka may take for an append, and how long it is left alone after one that failed. */
const PATIENCE_MS = 3000;
const PAUSE_MS = 1000;
const LOOK_AGAIN_MS = 25;

const refusals: Record<Reason, { detail: string; retryAfter: number }> = {
  'log-away': { detail: 'The log can not be written now.', retryAfter: 2 },
  'log-behind': { detail: 'Too many commands wait to be decided.', retryAfter: 5 },
  busy: { detail: 'Too many commands are under way.', retryAfter: 1 },
};

export function createPressure({ load, undecided, maxUndecided, now, onRefused }: PressureOptions): Pressure {
  /** In the order of their turns. */
  const waiting = new Set<() => void>();
  let takingTurns = false;
  let streams = 0;

  function reason(max: typeof MAX): Reason | undefined {
    const { commands, bytes, appendingSince, appendFailedAt } = load;
    const at = now();
    if (at - appendFailedAt < PAUSE_MS || at - (appendingSince ?? at) > PATIENCE_MS) return 'log-away';
    if (undecided() >= maxUndecided) return 'log-behind';
    return commands >= max.commands || bytes >= max.bytes ? 'busy' : undefined;
  }

  const isHigh = () => reason(STREAMED) !== undefined;

  /** What the stream reads then counts before the next one is asked. */
  function goOn(): void {
    const [first] = waiting;
    takingTurns = first !== undefined;
    if (!first) return;
    if (isHigh()) return void setTimeout(goOn, LOOK_AGAIN_MS);
    first();
    setImmediate(goOn);
  }

  function takeTurns(): void {
    if (takingTurns) return;
    takingTurns = true;
    setImmediate(goOn);
  }

  function refuse(found: Reason): Problem {
    onRefused(found);
    const { detail, retryAfter } = refusals[found];
    return { ...problems.unavailable(`${detail} Nothing was recorded; send it again later.`), retryAfter };
  }

  return {
    refusal() {
      const found = reason(MAX);
      return found && refuse(found);
    },
    get isHigh() {
      return isHigh();
    },
    room: (gone) => waitIn(waiting, gone, takeTurns),
    get waiting() {
      return waiting.size;
    },
    enter() {
      if (streams >= MAX_STREAMS) throw new ProblemError(refuse('busy'));
      streams += 1;
      return () => {
        streams -= 1;
      };
    },
    get streams() {
      return streams;
    },
    get share() {
      return Math.max(LEAST_SHARE, Math.floor(STREAMED.commands / Math.max(1, streams)));
    },
  };
}
