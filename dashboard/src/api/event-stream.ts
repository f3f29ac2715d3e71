/** One message of a `text/event-stream` body; a comment (the server's ping) has neither. */
export interface StreamEvent {
  event?: string;
  data?: string;
}

/**
 * Reads a `text/event-stream` body (WHATWG HTML, 9.2.6) message by message, comments included: they are the
 * server's sign of life, so whoever watches for silence has to see them. Ids and retry hints are not used here.
 */
export async function* readEventStream(body: ReadableStream<Uint8Array>): AsyncGenerator<StreamEvent> {
  const reader = body.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>).getReader();
  let pending = '';
  let message: StreamEvent = {};
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (pending + value).split(/\r\n|\n|\r(?!$)/);
      pending = lines.pop() ?? '';
      for (const line of lines) {
        if (line === '') {
          yield message;
          message = {};
        } else {
          addField(message, line);
        }
      }
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

function addField(message: StreamEvent, line: string): void {
  const colon = line.indexOf(':');
  const name = colon < 0 ? line : line.slice(0, colon);
  const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
  if (name === 'event') message.event = value;
  if (name === 'data') message.data = message.data === undefined ? value : `${message.data}\n${value}`;
}
