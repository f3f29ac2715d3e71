import { expect } from 'chai';
import fc from 'fast-check';
import { type Line, linesOf } from '../../../commands/api/lines.ts';
import { Slots } from '../../../commands/api/slots.ts';

const limits = {
  ...{ maxBytes: 1000, longBytes: 100, places: new Slots(1), timeoutMs: 20 },
  ...{ idleMs: 10_000, isAwaiting: () => false, gone: new AbortController().signal },
};

async function split(source: Iterable<Buffer> | AsyncIterable<Buffer>): Promise<Line[]> {
  async function* chunks() {
    yield* source;
  }
  const lines: Line[] = [];
  for await (const some of linesOf(chunks(), limits)) lines.push(...some);
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
      { number: 2, fault: 'too long' },
      { number: 3, text: 'b' },
    ]);
  });

  it('pass over a long one that does not come in time, and one of them waits for the place of another', async () => {
    const long = Buffer.alloc(200, 'x');
    async function* slow() {
      yield long;
      await new Promise((resolve) => setTimeout(resolve, 100));
      yield Buffer.from('x\nb\n');
    }
    const [late, quick] = await Promise.all([split(slow()), split([long, Buffer.from('\nb')])]);
    expect(late).to.deep.equal([
      { number: 1, fault: 'too slow' },
      { number: 2, text: 'b' },
    ]);
    expect(quick).to.deep.equal([
      { number: 1, text: long.toString() },
      { number: 2, text: 'b' },
    ]);
    expect(limits.places.tryTake()).to.equal(true);
    limits.places.give();
  });

  it('give their place back when the stream breaks', async () => {
    async function* broken() {
      yield Buffer.alloc(200, 'x');
      throw new Error('gone');
    }
    const error = await split(broken()).catch((thrown) => thrown);
    expect(error).to.have.property('message', 'gone');
    expect(limits.places.tryTake()).to.equal(true);
    limits.places.give();
  });

  it('leave the line for a place when nobody sends any more', async () => {
    const places = new Slots(1);
    await places.take(limits.gone);
    const gone = new AbortController();
    async function* long() {
      yield Buffer.alloc(200, 'x');
    }
    const waiting = linesOf(long(), { ...limits, places, gone: gone.signal }).next();
    await new Promise(setImmediate);
    gone.abort();
    expect(await waiting.catch((error) => error.name)).to.equal('AbortError');
    places.give();
    expect(places.tryTake()).to.equal(true);
  });
});
