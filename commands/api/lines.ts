/** Lines of a byte stream, one at a time, without ever holding more than one line and one chunk. */
export interface Line {
  /** From 1. */
  number: number;
  /** Undefined when the line was longer than allowed; it was passed over. */
  text: string | undefined;
}

const NEWLINE = 10;

/** Splits at \n, drops empty lines (they still count), and passes over lines of more than `maxBytes`. */
export async function* linesOf(source: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Line[]> {
  let number = 0;
  let parts: Buffer[] = [];
  let held = 0;

  function take(part: Buffer): void {
    held += part.length;
    if (held <= maxBytes) parts.push(part);
    else parts = [];
  }

  function finish(): Line | undefined {
    number += 1;
    const text = held > maxBytes ? undefined : Buffer.concat(parts).toString().trim();
    parts = [];
    held = 0;
    return text === '' ? undefined : { number, text };
  }

  for await (const chunk of source) {
    const lines: Line[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      take(chunk.subarray(start, end));
      const line = finish();
      if (line) lines.push(line);
      start = end + 1;
    }
    take(chunk.subarray(start));
    if (lines.length > 0) yield lines;
  }
  const last = held > 0 ? finish() : undefined;
  if (last) yield [last];
}
