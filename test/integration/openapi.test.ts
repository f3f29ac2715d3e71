/** The OpenAPI document is true: its examples work, and whatever is answered is documented. */
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'chai';
import fc from 'fast-check';
import { examples } from '../../commands/api/examples.ts';
import { openApiDocument } from '../../commands/api/openapi.ts';
import { singlePaths } from '../../commands/api/routes.ts';
import type { Config } from '../../platform/config.ts';
import { commandTypes } from '../../schemas/catalogue.ts';
import { saleJson } from '../support/command-side.ts';
import { hostileRequests } from '../support/hostile-requests.ts';
import { type AnswerCheck, type ApiDocument, createAnswerCheck, linesOf, type Received } from '../support/openapi.ts';
import { type RawRequest, send } from '../support/raw-http.ts';
import { dropNamespace, servers } from '../support/servers.ts';
import { type Services, startServices, until } from '../support/services.ts';

const json = { 'content-type': 'application/json' };
const ndjson = { 'content-type': 'application/x-ndjson' };

describe('the OpenAPI document', function () {
  this.timeout(120_000);
  let config: Config;
  let services: Services;
  let document: ApiDocument;
  let check: AnswerCheck;

  before(async () => {
    config = await servers({ partitions: 4 });
    services = await startServices(config, ['command-api', 'command-processor']);
    document = (await (await fetch(`${services.commandsUrl}/openapi.json`)).json()) as ApiDocument;
    check = createAnswerCheck(document);
  });

  after(async () => {
    await services?.stop();
    if (config) await dropNamespace(config);
  });

  /** Sends a request, and checks that its answer is documented for `template` (by default its path). */
  async function ask(request: Partial<RawRequest> & { path: string }, template = request.path): Promise<Received> {
    const { method = 'POST', ...rest } = request;
    const received = await send(services.commandsUrl, { method, headers: json, ...rest });
    check(method, template, received);
    return received;
  }

  it('is valid OpenAPI 3.1', async () => {
    const validator = new Validator();
    const { valid, errors } = await validator.validate({ ...document });
    expect(valid, JSON.stringify(errors)).to.equal(true);
    expect(validator.version).to.equal('3.1');
    const ajv = new Ajv2020();
    for (const [name, schema] of Object.entries(document.components.schemas)) {
      expect(ajv.validateSchema(schema), `${name}: ${ajv.errorsText()}`).to.equal(true);
    }
  });

  it('keeps the names of its operations, which generated clients go by', () => {
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { operationId }]) => `${operationId} ${method} ${path}`),
    );
    expect(operations).to.deep.equal([
      'recordSale post /sales',
      'recordReturn post /returns',
      'refundSale post /refunds',
      'voidSale post /voids',
      'sendCommands post /commands',
      'getOutcome get /commands/{commandId}',
      'getHealth get /health',
    ]);
  });

  it('asks for an API key where one is required, with the scope of the operation', () => {
    const { paths } = openApiDocument(true) as unknown as ApiDocument;
    const security = Object.entries(paths).flatMap(([path, methods]) =>
      Object.values(methods).map((operation) => [path, operation.security]),
    );
    expect(Object.fromEntries(security)).to.deep.equal({
      '/sales': [{ apiKey: ['sales:write'] }],
      '/returns': [{ apiKey: ['returns:write'] }],
      '/refunds': [{ apiKey: ['refunds:write'] }],
      '/voids': [{ apiKey: ['voids:write'] }],
      '/commands': [{ apiKey: [] }],
      '/commands/{commandId}': [{ apiKey: ['commands:read'] }],
      '/health': undefined,
    });
  });

  it('has examples of single commands that do what they say, and the same again', async () => {
    for (const attempt of ['first', 'second']) {
      for (const type of commandTypes) {
        for (const [name, { body, status }] of Object.entries(examples[type])) {
          const received = await ask({ path: singlePaths[type], body: JSON.stringify(body) });
          const expected = attempt === 'first' || status !== 201 ? status : 200;
          expect(received.status, `${type} ${name}: ${received.body}`).to.equal(expected);
        }
      }
    }
  });

  it('has examples of all other operations that work', async () => {
    const { body } = await ask({ path: '/commands', headers: ndjson, body: String(exampleOf('/commands', 'post')) });
    expect(linesOf(body).map((line) => JSON.parse(line).outcome)).to.deep.equal(['accepted', 'accepted', 'rejected']);
    const [parameter] = parametersOf('/commands/{commandId}', 'get');
    const path = `/commands/${encodeURIComponent(String(parameter?.example))}`;
    await until('the outcome is there', async () => {
      const received = await ask({ method: 'GET', path }, '/commands/{commandId}');
      return received.status === 200 && JSON.parse(received.body).outcome === 'accepted';
    });
    expect((await ask({ method: 'GET', path: '/health' })).status).to.equal(200);
  });

  it('has examples of answers that fit their schemas', () => {
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const [method, { responses }] of Object.entries(methods)) {
        for (const [status, { content = {}, headers = {} }] of Object.entries(responses)) {
          for (const [type, { example }] of Object.entries(content)) {
            if (example === undefined) continue;
            const given = new Headers({ 'content-type': type });
            for (const name of Object.keys(headers)) given.set(name, '1');
            check(method, path, { status: Number(status), headers: given, body: JSON.stringify(example) });
          }
        }
      }
    }
  });

  const sale = JSON.stringify(withoutType(saleJson('documented')));
  const refusals: [what: string, request: Partial<RawRequest> & { path: string }, status: number][] = [
    ['broken JSON', { path: '/sales', body: '{"saleId": ' }, 400],
    ['broken UTF-8', { path: '/sales', body: Buffer.from([0x7b, 0xff, 0x7d]) }, 400],
    ['broken gzip', { path: '/sales', headers: { ...json, 'content-encoding': 'gzip' }, body: sale }, 400],
    ['two keys', { path: '/sales', headers: { ...json, 'idempotency-key': ['a', 'b'] }, body: sale }, 400],
    [
      'a page of another site',
      { path: '/sales', headers: { ...json, origin: 'http://elsewhere.test' }, body: sale },
      403,
    ],
    ['a client that reads HTML only', { path: '/sales', headers: { ...json, accept: 'text/html' }, body: sale }, 406],
    ['a body of 5 MB', { path: '/sales', body: `"${'x'.repeat(5e6)}"` }, 413],
    ['a form', { path: '/sales', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: sale }, 415],
    [
      'another charset',
      { path: '/sales', headers: { 'content-type': 'application/json; charset=utf-16' }, body: sale },
      415,
    ],
    ['a command that is not valid', { path: '/sales', body: '{}' }, 422],
    ['lines under one key', { path: '/commands', headers: { ...ndjson, 'idempotency-key': 'a' }, body: sale }, 400],
    ['lines as a form', { path: '/commands', headers: { 'content-type': 'multipart/form-data' }, body: sale }, 415],
    [
      'lines for who reads JSON only',
      { path: '/commands', headers: { ...ndjson, accept: 'application/json' }, body: sale },
      406,
    ],
  ];
  for (const [what, request, status] of refusals) {
    it(`documents that it refuses ${what} with ${status}`, async () => {
      const received = await ask(request);
      expect(received.status, received.body).to.equal(status);
    });
  }

  it('reports a line that is not UTF-8 on that line', async () => {
    const body = Buffer.concat([Buffer.from([0xff, 0x0a]), Buffer.from(JSON.stringify(saleJson('behind')))]);
    const received = await ask({ path: '/commands', headers: ndjson, body });
    const [bad, good] = linesOf(received.body).map((line) => JSON.parse(line));
    expect(bad).to.deep.include({ line: 1 });
    expect(bad.error.type).to.equal('malformed-json');
    expect(good).to.include({ line: 2, outcome: 'accepted' });
  });

  it('names what a path takes, and what there is', async () => {
    for (const [path, methods] of Object.entries(document.paths)) {
      const at = path.replace('{commandId}', 'any');
      const allowed = Object.keys(methods).map((method) => method.toUpperCase());
      const { status, headers } = await send(services.commandsUrl, { method: 'DELETE', path: at });
      expect(status).to.equal(405);
      expect(headers.get('allow')?.split(', ')).to.include.members(allowed);
      const options = await send(services.commandsUrl, { method: 'OPTIONS', path: at });
      expect([options.status, options.headers.get('allow')]).to.deep.equal([204, headers.get('allow')]);
      const nothing = await send(services.commandsUrl, { method: 'GET', path: '/nothing' });
      expect(nothing.status).to.equal(404);
      expect(JSON.parse(nothing.body).detail).to.include(`${allowed[0]} ${path}`);
    }
  });

  it('holds for hostile requests, and nothing breaks', async () => {
    const pings = async () => (await ask({ path: '/sales', body: sale })).status;
    await fc.assert(
      fc.asyncProperty(hostileRequests, async ({ request, template }) => {
        const received = await ask(request, template);
        expect(received.status, received.body).to.be.lessThan(500);
      }),
      { numRuns: 200 },
    );
    expect(await pings()).to.equal(201);
  });

  function exampleOf(path: string, method: string): unknown {
    const [content] = Object.values(document.paths[path]?.[method]?.requestBody?.content ?? {});
    return content?.example;
  }

  function parametersOf(path: string, method: string): { example?: unknown }[] {
    return (document.paths[path]?.[method] as { parameters?: { example?: unknown }[] } | undefined)?.parameters ?? [];
  }
});

function withoutType<T extends { type: string }>({ type: _, ...fields }: T): Omit<T, 'type'> {
  return fields;
}
