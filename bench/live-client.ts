/** A client of the `live` subscription over server-sent events that only looks at positions. */
import type { Positions } from './positions.ts';

export interface LiveUpdate {
  /** performance.now() when it was received. */
  receivedAt: number;
  positions: Positions;
}

const query = `subscription ($minIntervalMs: Int!) {
  live(minIntervalMs: $minIntervalMs) { kind positions { partition nextOffset } minutes { minute currency orders net { amount } } }
}`;

/** Resolves when the snapshot has arrived. */
export async function subscribeLive(
  graphqlUrl: string,
  minIntervalMs: number,
  onUpdate: (update: LiveUpdate) => void,
): Promise<{ close(): void }> {
  const abort = new AbortController();
  const response = await fetch(graphqlUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query, variables: { minIntervalMs } }),
    signal: abort.signal,
  });
  if (!response.ok || !response.body)
    throw new Error(`subscription refused: ${response.status} ${await response.text()}`);
  const messages = read(response.body, onUpdate);
  await messages.first;
  messages.rest.catch(() => {});
  return { close: () => abort.abort() };
}

function read(body: ReadableStream<Uint8Array>, onUpdate: (update: LiveUpdate) => void) {
  let onFirst: () => void = () => {};
  const first = new Promise<void>((resolve) => {
    onFirst = resolve;
  });
  const rest = (async () => {
    const decoder = new TextDecoder();
    let text = '';
    for await (const chunk of body) {
      const receivedAt = performance.now();
      text += decoder.decode(chunk, { stream: true });
      const events = text.split('\n\n');
      text = events.pop() ?? '';
      for (const event of events) {
        const data = /^data: (.+)$/m.exec(event)?.[1];
        if (!data) continue;
        const message = JSON.parse(data);
        if (message.errors) throw new Error(JSON.stringify(message.errors));
        onUpdate({ receivedAt, positions: positionsOf(message.data.live.positions) });
        onFirst();
      }
    }
  })();
  return { first: Promise.race([first, rest]), rest };
}

function positionsOf(positions: { partition: number; nextOffset: number }[]): Positions {
  return new Map(positions.map(({ partition, nextOffset }) => [partition, nextOffset]));
}
