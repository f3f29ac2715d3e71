import { readEventStream } from './event-stream.ts';
import { type Answer, dataOf, ENDPOINT, type Operation, QueryError } from './graphql.ts';

/** What the stream is doing. `reconnecting` says when (ms since the epoch) it tries again. */
export type StreamState =
  | { status: 'connecting' }
  | { status: 'live' }
  | { status: 'reconnecting'; retryAt: number; reason: string };

export interface SubscribeOptions<Result, Variables> {
  operation: Operation<Result, Variables>;
  /** Asked before every attempt, so that a reconnect can carry the position reached. */
  variables: () => Variables;
  onData: (data: Result) => void;
  onState: (state: StreamState) => void;
}

/** The server pings every 12 s; longer silence than this means the connection is dead without saying so. */
const SILENCE_MS = 30_000;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 15_000;

/**
 * One GraphQL subscription over server-sent events ("distinct connections mode" of the GraphQL over SSE protocol),
 * kept for ever: any end of it (a lost connection, an error, silence) is followed by another attempt, with
 * exponential waiting times and full jitter, at once when the browser comes back online. Returns its own stop.
 */
export function subscribe<Result, Variables>(options: SubscribeOptions<Result, Variables>): () => void {
  const stopped = new AbortController();
  void keepConnected(options, stopped.signal);
  return () => stopped.abort();
}

async function keepConnected<R, V>(options: SubscribeOptions<R, V>, stopped: AbortSignal): Promise<void> {
  options.onState({ status: 'connecting' });
  for (let failures = 0; !stopped.aborted; failures += 1) {
    const reason = await oneConnection(options, stopped, () => {
      failures = 0;
      options.onState({ status: 'live' });
    });
    if (stopped.aborted) return;
    const wait = Math.random() * Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** failures) + 100;
    options.onState({ status: 'reconnecting', retryAt: Date.now() + wait, reason });
    await pause(wait, stopped);
  }
}

/** Lives as long as one connection does, and says why it ended. */
async function oneConnection<R, V>(
  { operation, variables, onData }: SubscribeOptions<R, V>,
  stopped: AbortSignal,
  onLive: () => void,
): Promise<string> {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), SILENCE_MS);
  try {
    const response = await fetch(ENDPOINT, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ query: operation.text, variables: variables() }),
      signal: AbortSignal.any([stopped, silence.signal]),
    });
    if (!response.ok || !response.body) return `The server answered ${response.status}.`;
    let live = false;
    for await (const { event, data } of readEventStream(response.body)) {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE_MS);
      if (event === 'complete') break;
      if (event !== 'next' || !data) continue;
      const result = dataOf(JSON.parse(data) as Answer<R>);
      if (!live) onLive();
      live = true;
      onData(result);
    }
    return 'The server ended the stream.';
  } catch (error) {
    if (error instanceof QueryError) return error.message;
    return silence.signal.aborted ? 'The server went silent.' : 'The server can’t be reached.';
  } finally {
    clearTimeout(timer);
  }
}

/** Waits `ms`, less if the browser comes online or the subscription is stopped. */
function pause(ms: number, stopped: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener('online', done);
      stopped.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    addEventListener('online', done);
    stopped.addEventListener('abort', done);
  });
}
