/** Who may send what how fast: API keys as operators make them, against a command API in production mode. */
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import type pg from 'pg';
import type { Answer } from '../../commands/answer.ts';
import type { Problem } from '../../commands/api/problem.ts';
import type { Scope } from '../../commands/keys/scopes.ts';
import { createKeyStore, type KeyStore, type NewKey } from '../../commands/keys/store.ts';
import type { Config } from '../../platform/config.ts';
import { namesOf } from '../../platform/names.ts';
import { createPool } from '../../platform/postgres/index.ts';
import { saleJson } from '../support/command-side.ts';
import { streamCommands } from '../support/command-stream.ts';
import { salesCommand } from '../support/sales-command.ts';
import { dropNamespace, servers } from '../support/servers.ts';
import { type Services, settingsOf, startServices, until } from '../support/services.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

type Body = Partial<Answer & Problem>;

/** How soon a change of keys is known everywhere: what the keyring promises, and a busy machine's patience. */
const KNOWN_WITHIN_MS = 5000;
const voidNothing = { type: 'VoidSale', saleId: 'nothing', occurredAt: '2026-01-31T09:30:00Z' };

describe('API keys', function () {
  this.timeout(120_000);
  let config: Config;
  let services: Services;
  let postgres: TcpProxy;
  let pool: pg.Pool;
  let store: KeyStore;

  before(async () => {
    config = await servers({ partitions: 2 });
    const { hostname, port } = new URL(config.postgres);
    postgres = await startTcpProxy({ host: hostname, port: Number(port) });
    const proxied = config.postgres.replace(`:${port}/`, `:${postgres.port}/`);
    services = await startServices(config, ['command-api', 'command-processor'], {
      'command-api': { mode: 'production', postgres: proxied },
    });
    pool = createPool(config, { applicationName: 'test' });
    store = createKeyStore(pool, namesOf(config.namespace).postgres.keys);
  });

  after(async () => {
    await services?.stop();
    await pool?.end();
    await postgres?.cut();
    if (config) await dropNamespace(config);
  });

  const create = (scopes: Scope[], more: Partial<NewKey> = {}) =>
    store.create({ name: 'test', scopes, rate: null, expiresAt: null, ...more });

  async function ask(path: string, key?: string, body?: object) {
    const response = await fetch(services.commandsUrl + path, {
      ...(body && { method: 'POST', body: JSON.stringify(body) }),
      headers: { ...(body && { 'content-type': 'application/json' }), ...(key && { authorization: `Bearer ${key}` }) },
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, body: parse(text) };
  }

  const parse = (text: string): Body => (text.startsWith('{') ? JSON.parse(text) : {});

  const record = (saleId: string, key?: string) => {
    const { type: _, ...sale } = saleJson(saleId);
    return ask('/sales', key, sale);
  };

  async function bulk(lines: object[], key?: string) {
    const response = await fetch(`${services.commandsUrl}/commands`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson', ...(key && { authorization: `Bearer ${key}` }) },
      body: lines.map((line) => JSON.stringify(line)).join('\n'),
    });
    const text = await response.text();
    const answers = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)) as (Partial<Answer> & { error?: Problem })[];
    return { status: response.status, answers };
  }

  it('are required in production: without a good one nothing is taken, and it is said how to send one', async () => {
    const { text } = await create(['commands:write']);
    const [prefix, id, secret] = text.split('_');
    const otherSecret = `${prefix}_${id}_${'0'.repeat(secret?.length ?? 0)}`;
    const unknown = `${prefix}_${'0'.repeat(12)}_${secret}`;
    for (const key of [undefined, 'nonsense', otherSecret, unknown]) {
      const { status, headers, body } = await record('without', key);
      expect({ status, type: body.type }, String(key)).to.deep.equal({ status: 401, type: 'unauthorized' });
      expect(headers.get('www-authenticate')).to.match(/^Bearer /);
      expect(headers.get('content-type')).to.match(/^application\/problem\+json/);
    }
    expect((await bulk([saleJson('without')])).status).to.equal(401);
    expect((await ask('/commands/without')).status).to.equal(401);
    const basic = await fetch(`${services.commandsUrl}/commands/x`, { headers: { authorization: `Basic ${text}` } });
    expect(basic.status).to.equal(401);
    expect((await record('without', text)).body).to.include({ outcome: 'accepted', repeated: false });
  });

  it('are not needed to ask for health and for what there is', async () => {
    for (const path of ['/health', '/openapi.json', '/docs']) expect((await ask(path)).status, path).to.equal(200);
  });

  it('allow what their scopes name, and say which one is missing', async () => {
    const { text: seller } = await create(['sales:write']);
    const { text: reader } = await create(['commands:read']);
    const { text: writer } = await create(['commands:write']);
    const { type: _, ...voiding } = voidNothing;
    expect((await record('scoped', seller)).status).to.equal(201);
    for (const [path, scope, body] of [
      ['/voids', 'voids:write', voiding],
      ['/refunds', 'refunds:write', {}],
      ['/returns', 'returns:write', {}],
      ['/commands/scoped', 'commands:read', undefined],
    ] as const) {
      const { status, body: problem } = await ask(path, seller, body);
      expect({ status, type: problem.type }, path).to.deep.equal({ status: 403, type: 'missing-scope' });
      expect(problem.detail).to.include(scope);
    }
    expect((await ask('/voids', writer, voiding)).body.code).to.equal('SALE_NOT_FOUND');
    expect((await record('reading', reader)).status).to.equal(403);
    expect((await ask('/commands/scoped', writer)).status).to.equal(403);
    await until('the outcome is there', async () => (await ask('/commands/scoped', reader)).status === 200);
  });

  it('are checked for each line of a stream', async () => {
    const { text } = await create(['sales:write']);
    const { answers } = await bulk([saleJson('line-1'), voidNothing, saleJson('line-3')], text);
    expect(answers.map(({ outcome, error }) => outcome ?? error?.type)).to.deep.equal([
      'accepted',
      'missing-scope',
      'accepted',
    ]);
    expect(answers[1]?.error?.detail).to.include('voids:write');
  });

  it('end when they are revoked or expire, for streams that are open too', async () => {
    const { id, text } = await create(['sales:write']);
    const { text: shortLived } = await create(['sales:write'], { expiresAt: new Date(Date.now() + 3000) });
    let more = true;
    async function* lines() {
      for (let line = 0; more; line += 1) {
        yield `${JSON.stringify(saleJson(`open-${line}`))}\n`;
        await delay(100);
      }
    }
    const response = await streamCommands(services.commandsUrl, lines(), { authorization: `Bearer ${text}` });
    let told = '';
    const reading = (async () => {
      for await (const part of response) told += part;
    })();
    await until('the stream is under way', () => told.includes('"accepted"'));
    expect((await record('short-lived', shortLived)).status).to.equal(201);
    await store.revoke(id);
    await until(
      'new requests are refused',
      async () => (await record('revoked', text)).status === 401,
      KNOWN_WITHIN_MS,
    );
    await until('lines are refused', () => told.includes('"unauthorized"'), KNOWN_WITHIN_MS);
    more = false;
    await reading;
    await until('it has expired', async () => (await record('short-lived', shortLived)).status === 401);
  });

  it('go on when Postgres is away, if they are known; others can not be told then', async () => {
    const { text: known } = await create(['sales:write']);
    expect((await record('before', known)).status).to.equal(201);
    const { text: fresh } = await create(['sales:write']);
    await postgres.cut();
    expect((await record('meanwhile', known)).status).to.equal(201);
    const { status, headers } = await record('fresh', fresh);
    expect(status).to.equal(503);
    expect(Number(headers.get('retry-after'))).to.be.at.least(1);
    await postgres.restore();
    await until('Postgres is back', async () => (await record('fresh', fresh)).status === 201);
  });

  it('have a rate: single commands beyond it are refused, streams are slowed down', async () => {
    const { text } = await create(['sales:write'], { rate: 5 });
    const answers = await Promise.all(Array.from({ length: 60 }, () => ask('/sales', text, {})));
    const limited = answers.filter(({ status }) => status === 429);
    expect(limited).to.have.length.within(1, 55);
    for (const { headers } of limited) expect(headers.get('retry-after')).to.equal('1');
    expect(answers.filter(({ status }) => status === 422)).to.have.length(60 - limited.length);
    const { text: streaming } = await create(['sales:write'], { rate: 5 });
    const start = performance.now();
    const { answers: lines } = await bulk(
      Array.from({ length: 13 }, (_, index) => saleJson(`slow-${index}`)),
      streaming,
    );
    expect(lines.every(({ outcome }) => outcome === 'accepted')).to.equal(true);
    expect(performance.now() - start).to.be.at.least(1550);
  });

  it('are not needed in development, where a bad one is refused all the same', async () => {
    const development = await startServices(config, ['command-api']);
    const { type: _, ...sale } = saleJson('development');
    const send = (headers: object) =>
      fetch(`${development.commandsUrl}/sales`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(sale),
      });
    try {
      expect((await send({})).status).to.equal(201);
      expect((await send({ authorization: 'Bearer nonsense' })).status).to.equal(401);
      const { text } = await create(['sales:write']);
      expect((await send({ authorization: `Bearer ${text}` })).status).to.equal(200);
    } finally {
      await development.stop();
    }
  });

  it('are made, listed and revoked by sales keys, which shows a secret once and keeps none', async () => {
    const sales = (...args: string[]) => salesCommand(args, { env: settingsOf(config) });
    const listed = async (id: string) => {
      const { keys } = JSON.parse((await sales('keys', 'list', '--json')).stdout) as {
        keys: Record<string, unknown>[];
      };
      return keys.find((key) => key.id === id);
    };
    const made = await sales('keys', 'create', '--name', 'Till 7', '--scope', 'sales:write', '--rate', '50', '--json');
    const { id, key } = JSON.parse(made.stdout) as { id: string; key: string };
    expect((await record('till', key)).status).to.equal(201);
    const isNoted = async () => (await store.list()).some((one) => one.id === id && one.lastUsedAt);
    await until('its use is noted', isNoted, 30_000);
    const [found, { stdout: table }] = await Promise.all([listed(id), sales('keys', 'list')]);
    expect(found).to.deep.include({ name: 'Till 7', scopes: ['sales:write'], rate: 50, state: 'active' });
    expect(found?.lastUsedAt).to.be.a('string');
    const { rows } = await pool.query(`select k::text from ${namesOf(config.namespace).postgres.keys}.api_keys k`);
    expect(JSON.stringify([found, rows])).to.not.include(key.split('_')[2]);
    expect(table).to.match(new RegExp(`^${id}  active .* 50/s +sales:write +Till 7$`, 'm'));
    expect((await sales('keys', 'revoke', id)).stdout).to.include('revoked');
    expect(await listed(id)).to.include({ state: 'revoked' });
    await until('it is refused', async () => (await record('till', key)).status === 401, KNOWN_WITHIN_MS);
    const create = ['keys', 'create', '--name', 'x', '--scope'];
    const wrong = await Promise.all([
      sales('keys', 'revoke', 'nobody'),
      sales(...create, 'root'),
      sales(...create, 'sales:write', '--expires', '2001-01-01'),
    ]);
    expect(wrong.map(({ code }) => code)).to.deep.equal([1, 2, 2]);
  });
});
