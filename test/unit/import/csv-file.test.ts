import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import fc from 'fast-check';
import { type CsvRow, openCsv } from '../../../dev/import/csv-file.ts';
import { retailFile, scratchFolder } from '../../support/retail-file.ts';

describe('Reading CSV files', () => {
  const folder = scratchFolder();

  async function read(content: string | Uint8Array) {
    const file = await openCsv(folder.file('data.csv', content));
    const rows: CsvRow[] = [];
    for await (const batch of file.rows) rows.push(...batch);
    return { rows, damage: file.damage };
  }

  const text = 'a,b\n1,2\n3,"4,5"\n\n6,"7 ""8"""\n9,10';
  const rows = [
    { line: 1, fields: ['a', 'b'] },
    { line: 2, fields: ['1', '2'] },
    { line: 3, fields: ['3', '4,5'] },
    { line: 5, fields: ['6', '7 "8"'] },
    { line: 6, fields: ['9', '10'] },
  ];

  it('plain, gzipped, with a byte order mark or Windows line ends, with line numbers', async () => {
    for (const content of [text, gzipSync(text), `\ufeff${text}`]) {
      expect(await read(content)).to.deep.equal({ rows, damage: undefined });
    }
    const windows = await read('a,b\r\n1,2\r\n');
    expect(windows.rows).to.deep.equal(rows.slice(0, 2));
  });

  it('an empty file has no rows', async () => {
    expect(await read('')).to.deep.equal({ rows: [], damage: undefined });
  });

  it('a gzip cut off anywhere gives whole rows up to there, and says so', async () => {
    const lines = Array.from({ length: 3000 }, (_, index) => `${index},${(index * 7919) % 1009},United Kingdom`);
    const whole = gzipSync(lines.join('\n'));
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 2, max: whole.length - 1 }), async (length) => {
        const { rows, damage } = await read(whole.subarray(0, length));
        expect(rows.map(({ fields }) => fields.join())).to.deep.equal(lines.slice(0, rows.length));
        expect(damage).to.deep.equal({ afterLine: rows.length, message: 'the gzip file is cut off (truncated)' });
      }),
      { numRuns: 30 },
    );
  });

  it('a corrupt gzip gives the rows before the damage', async () => {
    const bytes = readFileSync(retailFile).subarray(0, 600_000);
    bytes.fill(0xff, 400_000, 400_100);
    const { rows, damage } = await read(bytes);
    expect(rows.length).to.be.greaterThan(10_000);
    expect(damage?.afterLine).to.equal(rows.length);
    expect(damage?.message).to.contain('corrupt');
  });

  it('a quote that is not closed spoils its own line only', async () => {
    const problem = 'a quote is opened and not closed';
    const { rows, damage } = await read('a,b\r\n1,2\r\n3,"4\r\n5" plate,6\r\n"7,""8"""\r\n9,"ü""');
    expect(damage).to.equal(undefined);
    expect(rows.slice(2)).to.deep.equal([
      { line: 3, fields: ['3', '"4'], problem },
      { line: 4, fields: ['5" plate', '6'] },
      { line: 5, fields: ['7,"8"'] },
      { line: 6, fields: ['9', '"ü""'], problem },
    ]);
  });

  it('a quote that is not closed in the header, behind a byte order mark, spoils the header only', async () => {
    const { rows } = await read('\ufeff"a,b\n1,2"\n');
    expect(rows.map(({ line, problem }) => [line, problem !== undefined])).to.deep.equal([
      [1, true],
      [2, false],
    ]);
  });

  it('every line is one row, whatever quotes are in it', async () => {
    const line = fc.string({ unit: fc.constantFrom('"', ',', 'a', ' '), minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 12 }), async (lines) => {
        const { rows, damage } = await read(lines.join('\n'));
        expect(damage).to.equal(undefined);
        expect(rows.map(({ line }) => line)).to.deep.equal(lines.map((_, index) => index + 1));
        for (const { line, fields, problem } of rows) {
          if (problem) expect(fields.join()).to.equal(lines[line - 1]);
        }
      }),
      { numRuns: 300, examples: [[['""""', '"']]] },
    );
  });

  it('no such file: says so', async () => {
    const error = await openCsv(folder.path('nothing.csv')).catch((reason) => reason);
    expect(error.message).to.contain('there is no such file');
  });
});
