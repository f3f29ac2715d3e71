/**
 * Lines with a quote that is opened and not closed. A CSV parser would read on to the next quote, however far, and
 * swallow the rows in between. Here each such line is quoted as a whole before it reaches the parser, so that it comes
 * out as a row of one field, in its place and with its number.
 */

/** What is wrong with such a line. */
export const UNCLOSED = 'a quote is opened and not closed';

/** Tells a sealed line from a whole row that happens to say the same. */
const MARK = '\u0000';

const QUOTE = 0x22;
const COMMA = 0x2c;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const BYTE_ORDER_MARK = Buffer.from('\ufeff');

export class UnclosedLines {
  /** Given to the parser and not back yet. */
  private readonly pending: string[] = [];

  /** The same lines, each unclosed one quoted as a whole. `chunk` holds whole lines. */
  sealed(chunk: Buffer): Buffer {
    const parts: Buffer[] = [];
    let done = 0;
    // Only lines with a quote are looked at: they are few.
    for (let quote = chunk.indexOf(QUOTE); quote >= 0; ) {
      const start = chunk.lastIndexOf(LINE_FEED, quote) + 1;
      const lineFeed = chunk.indexOf(LINE_FEED, quote);
      const next = lineFeed < 0 ? chunk.length : lineFeed;
      const end = chunk[next - 1] === CARRIAGE_RETURN ? next - 1 : next;
      if (isUnclosed(chunk, start, end)) {
        const raw = chunk.toString('utf8', start, end);
        this.pending.push(raw);
        parts.push(chunk.subarray(done, start), Buffer.from(`"${MARK}${raw.replaceAll('"', '""')}"`));
        done = end;
      }
      quote = chunk.indexOf(QUOTE, next);
    }
    return done === 0 ? chunk : Buffer.concat([...parts, chunk.subarray(done)]);
  }

  /** The unclosed line that this row stands for, as written in the file; undefined for any other row. */
  take(fields: readonly string[]): string | undefined {
    return fields.length === 1 && fields[0] === `${MARK}${this.pending[0]}` ? this.pending.shift() : undefined;
  }
}

/** By the parser's rules: a quote opens at a field's start only, is doubled inside, and anything after it ends it. */
function isUnclosed(chunk: Buffer, start: number, end: number): boolean {
  let quoted = false;
  let atStart = true;
  const first = chunk.subarray(start, start + BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK) ? start + 3 : start;
  for (let index = first; index < end; index++) {
    const byte = chunk[index];
    if (quoted) {
      if (byte !== QUOTE) continue;
      if (index + 1 < end && chunk[index + 1] === QUOTE) index += 1;
      else quoted = false;
      continue;
    }
    quoted = byte === QUOTE && atStart;
    atStart = byte === COMMA;
  }
  return quoted;
}
