/** Requests that are right, nearly right, or meant to break the command API. */
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { definitions } from '../../commands/api/definitions.ts';
import { examples } from '../../commands/api/examples.ts';
import { singlePaths } from '../../commands/api/routes.ts';
import { type CommandType, commandTypes } from '../../schemas/catalogue.ts';
import { fromSchema } from './from-schema.ts';
import type { RawRequest } from './raw-http.ts';

export interface HostileRequest {
  request: RawRequest;
  /** The path as the OpenAPI document has it. */
  template: string;
}

/** Stands for JSON as it is, which no value could be written as: huge numbers, doubled keys, deep nesting. */
const raw = (json: string) => `raw:${json}`;

function stringify(value: unknown): string {
  return (JSON.stringify(value) ?? '').replace(/"raw:((?:[^"\\]|\\.)*)"/g, (_, text) => JSON.parse(`"${text}"`));
}

const strange = fc.oneof(
  { arbitrary: fc.jsonValue(), weight: 2 },
  fc.string({ unit: 'binary' }),
  fc.constantFrom<unknown>(
    ...['', ' ', '\0', '\ud800', '\u2028', '\u{1f4a9}'.repeat(100), 'x'.repeat(100_000), "'; drop table events; --"],
    ...[-1, 1.5, 1e300, 2 ** 53, Number.MAX_SAFE_INTEGER, null, true, [], {}, [[]]],
    ...['1e999', '-0', '9007199254740993', '0.1e1', '1E400', '-1e-999'].map(raw),
    ...['1,"saleId":"twice"', '1,"__proto__":{"a":1}', '1,"constructor":{"prototype":{}}'].map(raw),
    ...[
      raw('['.repeat(50_000) + ']'.repeat(50_000)),
      raw(`${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`),
      raw('NaN'),
    ],
  ),
);

const command: fc.Arbitrary<{ type: CommandType; body: unknown }> = fc.constantFrom(...commandTypes).chain((type) => {
  const working = fc.constantFrom<unknown>(...Object.values(examples[type]).map(({ body }) => body));
  const valid = fromSchema(definitions[type]);
  const spoilt = fc.oneof(working, valid).chain(spoil);
  return fc.record({
    type: fc.constant(type),
    body: fc.oneof(working, { arbitrary: valid, weight: 2 }, { arbitrary: spoilt, weight: 4 }, strange),
  });
});

/** The value with one place in it changed, left out or added. */
function spoil(value: unknown): fc.Arbitrary<unknown> {
  if (typeof value !== 'object' || value === null) return strange;
  const names = Object.keys(value);
  if (names.length === 0) return strange;
  const inPlace = fc.constantFrom(...names).chain((name) => {
    const spoilt = spoil((value as Record<string, unknown>)[name]);
    return spoilt.map((changed) => ({ ...value, [name]: changed }));
  });
  if (Array.isArray(value)) return inPlace.map((changed) => Object.values(changed));
  return fc.oneof(
    { arbitrary: inPlace, weight: 4 },
    strange,
    fc
      .constantFrom('', ...names)
      .map((name) => Object.fromEntries(Object.entries(value).filter(([key]) => key !== name))),
    fc
      .tuple(fc.oneof(fc.string(), fc.constantFrom('__proto__', 'type', 'toString', 'commandId')), strange)
      .map(([name, added]) => Object.fromEntries([...Object.entries(value), [name, added]])),
  );
}

const text: fc.Arbitrary<string | Buffer> = fc.oneof(
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  fc.string(),
  fc.constantFrom('', '[', '{"a"', 'null', '\ufeff{}', '['.repeat(100_000), Buffer.from('{"saleId":"\xff"}', 'latin1')),
);

/** Mostly none: a request has many ways to be wrong besides. */
const headers = fc
  .record(
    {
      'content-type': fc.constantFrom(
        ...[
          'text/plain',
          'application/json; charset=utf-16',
          'application/json;charset="UTF-8"',
          'multipart/form-data',
        ],
        ...['application/json; charset=', 'APPLICATION/JSON', 'garbage', '/', '', 'application/jsonx'],
      ),
      'content-encoding': fc.constantFrom('gzip', 'br', 'deflate', 'identity', 'zip', 'gzip, gzip', ''),
      accept: fc.constantFrom('*/*', 'application/*', 'text/html', 'application/json;q=0', 'garbage', ''),
      'idempotency-key': fc.oneof(
        fc.constantFrom<string | string[]>(
          'a',
          '"a"',
          '"a\\""',
          '"',
          '',
          ' ',
          ['a', 'b'],
          'x'.repeat(301),
          '\xfc',
          'a\tb',
        ),
        fc.stringMatching(/^[!-~]{1,40}$/),
      ),
      expect: fc.constantFrom('100-continue'),
      range: fc.constantFrom('bytes=0-1'),
      'if-none-match': fc.constantFrom('*'),
    },
    { requiredKeys: [] },
  )
  .map((all) => all as Record<string, string | string[]>);
const origins = fc.constantFrom('null', '', 'http://elsewhere.test', 'garbage').map((origin) => ({ origin }));
const someHeaders = fc.oneof({ arbitrary: fc.constant({}), weight: 6 }, { arbitrary: headers, weight: 3 }, origins);

const single: fc.Arbitrary<HostileRequest> = fc
  .record({ command, text, asText: fc.nat(9), zipped: fc.nat(9), headers: someHeaders })
  .map(({ command: { type, body }, text, asText, zipped, headers }) => {
    const plain = asText === 0 ? text : stringify(body);
    const encoding: Record<string, string> = zipped === 0 ? { 'content-encoding': 'gzip' } : {};
    const all = { 'content-type': 'application/json', ...encoding, ...headers };
    const path = singlePaths[type];
    return {
      template: path,
      request: { method: 'POST', path, headers: all, body: zipped === 0 ? gzipSync(plain) : plain },
    };
  });

const line = fc.oneof(
  { arbitrary: command.map(({ type, body }) => stringify(typed(type, body))), weight: 4 },
  text,
  strange.map(stringify),
);

const bulk: fc.Arbitrary<HostileRequest> = fc
  .record({ lines: fc.array(line, { maxLength: 5 }), headers: someHeaders })
  .map(({ lines, headers }) => {
    const body = Buffer.concat(lines.flatMap((one) => [Buffer.from(one), Buffer.from('\n')]));
    const all = { 'content-type': 'application/x-ndjson', ...headers };
    return { template: '/commands', request: { method: 'POST', path: '/commands', headers: all, body } };
  });

const id = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1 }).map(encodeURIComponent),
  fc.constantFrom('S-1001', 'return:T-1', 'refund:S-404:R-1', 'void%3AS-1001'),
  fc.constantFrom(
    '%',
    '%ff',
    '%00',
    '%E0%A4%A',
    '%2e%2e',
    '..',
    'a/b//c',
    'a?b=c',
    '%ed%a0%80',
    '0:0',
    'x'.repeat(5000),
  ),
);

const status: fc.Arbitrary<HostileRequest> = fc.record({ id, headers: someHeaders }).map(({ id, headers }) => ({
  template: '/commands/{commandId}',
  request: { method: 'GET', path: `/commands/${id}`, headers },
}));

function typed(type: CommandType, body: unknown): unknown {
  return typeof body === 'object' && body !== null && !Array.isArray(body) ? { type, ...body } : body;
}

export const hostileRequests: fc.Arbitrary<HostileRequest> = fc.oneof(
  { arbitrary: single, weight: 4 },
  { arbitrary: bulk, weight: 2 },
  status,
);
