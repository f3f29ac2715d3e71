import { expect } from 'chai';
import fc from 'fast-check';
import { type Line, linesOf } from '../../../commands/api/lines.ts';

async function split(chunks: Buffer[], maxBytes = 1000): Promise<Line[]> {
  async function* source() {
    yield* chunks;
  }
  const lines: Line[] = [];
  for await (const some of linesOf(source(), maxBytes)) lines.push(...some);
  return lines;
}

function cut(bytes: Buffer, places: number[]): Buffer[] {
  const at = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
}

describe('lines of a stream', () => {
  it('are the same however the stream is cut', async () => {
    const text = fc.array(fc.string({ unit: 'grapheme', maxLength: 8 }).map((line) => line.replace(/\s/g, '')));
    await fc.assert(
      fc.asyncProperty(text, fc.array(fc.nat(), { maxLength: 6 }), async (lines, places) => {
        const found = await split(cut(Buffer.from(lines.join('\n')), places));
        const wanted = lines
          .map((line, index) => ({ number: index + 1, text: line }))
          .filter((line) => line.text !== '');
        expect(found).to.deep.equal(wanted);
      }),
    );
  });

  it('count empty lines, take CRLF, and need no newline at the end', async () => {
    expect(await split([Buffer.from('a\r\n\r\nb')])).to.deep.equal([
      { number: 1, text: 'a' },
      { number: 3, text: 'b' },
    ]);
  });

  it('pass over one that is too long without holding it, and go on behind it', async () => {
    const chunks = [
      Buffer.from('a\n'),
      ...Array.from({ length: 100 }, () => Buffer.alloc(1000, 'x')),
      Buffer.from('\nb\n'),
    ];
    expect(await split(chunks)).to.deep.equal([
      { number: 1, text: 'a' },
      { number: 2, text: undefined },
      { number: 3, text: 'b' },
    ]);
  });
});
