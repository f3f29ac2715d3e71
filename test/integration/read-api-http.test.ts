import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import pg from 'pg';
import { startTestReadApi, type TestReadApi } from '../support/read-api.ts';
import { until } from '../support/services.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

const json = { 'content-type': 'application/json' };

describe('read API: HTTP', function () {
  this.timeout(60_000);
  let api: TestReadApi;
  let proxy: TcpProxy;
  let dashboard: string;

  before(async function () {
    this.timeout(180_000);
    dashboard = await mkdtemp(join(tmpdir(), 'dashboard-'));
    const shared = await startTestReadApi();
    const address = new URL(shared.config.postgres);
    proxy = await startTcpProxy({ host: address.hostname, port: Number(address.port) });
    await shared.stop();
    address.hostname = '127.0.0.1';
    address.port = String(proxy.port);
    api = await startTestReadApi({ postgres: address.href, mode: 'production', dashboard });
  });

  after(async () => {
    await api?.stop();
    await proxy?.cut();
    await rm(dashboard, { recursive: true, force: true });
  });

  const get = (path: string, headers: Record<string, string> = {}) => fetch(api.url + path, { headers });

  it('says how to build the dashboard until it is built, then serves it with fitting caching', async () => {
    const missing = await get('/');
    expect(missing.status).to.equal(503);
    expect(await missing.text()).to.include('npx vite build dashboard');

    await mkdir(join(dashboard, 'assets'));
    await writeFile(join(dashboard, 'index.html'), '<title>Sales</title>');
    await writeFile(join(dashboard, 'assets/index-1a2b3c.js'), 'export {}');
    const page = await get('/');
    expect(page.headers.get('cache-control')).to.equal('no-cache');
    expect(await page.text()).to.include('<title>Sales</title>');
    expect((await get('/assets/index-1a2b3c.js')).headers.get('cache-control')).to.match(/max-age=31536000, immutable/);
    expect((await get('/nothing')).status).to.equal(404);
    expect((await get('/..%2f..%2fpackage.json')).status).to.be.within(400, 404);
  });

  it('sends headers that keep pages to themselves', async () => {
    for (const path of ['/', '/graphql', '/health']) {
      const { headers } = await get(path, { accept: 'text/html' });
      expect(headers.get('content-security-policy')).to.include("frame-ancestors 'none'");
      expect(headers.get('x-content-type-options')).to.equal('nosniff');
      expect(headers.get('x-powered-by')).to.equal(null);
      expect(headers.get('access-control-allow-origin')).to.equal(null);
    }
    const policy = (await get('/')).headers.get('content-security-policy') ?? '';
    expect(policy).not.to.match(/script-src|unsafe-eval/);
  });

  it('serves GraphiQL with everything inside, and its first queries', async () => {
    const page = await get('/graphql', { accept: 'text/html' });
    expect(page.headers.get('content-type')).to.include('text/html');
    const html = await page.text();
    expect(html).to.include('Europe/London');
    expect(html).not.to.match(/<(script|link)[^>]+(src|href)="https?:/);
  });

  it('answers GET and POST', async () => {
    const query = encodeURIComponent('{ pipeline { version } }');
    expect((await (await get(`/graphql?query=${query}`, { accept: 'application/json' })).json()).errors).to.equal(
      undefined,
    );
    expect((await api.query('{ pipeline { version } }')).data).to.have.nested.property('pipeline.version');
  });

  it('refuses bodies that are too large or no JSON', async () => {
    const post = (body: string) => fetch(`${api.url}/graphql`, { method: 'POST', headers: json, body });
    const large = await post(JSON.stringify({ query: `# ${'x'.repeat(200_000)}` }));
    expect(large.status).to.equal(413);
    expect((await large.json()).errors[0].extensions.code).to.equal('BODY_TOO_LARGE');
    for (const body of ['{', '', '[]', 'null', '{"query": 1}']) {
      const broken = await post(body);
      expect(broken.status, body).to.equal(400);
      expect((await broken.json()).errors[0].extensions.code, body).to.be.a('string');
    }
    const tokens = await api.query(`{ currencies { ${'code '.repeat(5000)} } }`);
    expect(tokens.errors?.[0]?.message).to.match(/token/);
  });

  it('masks what nobody expected, in production', async () => {
    const view = `${pg.escapeIdentifier(api.config.namespace)}.revenue`;
    const { rows } = await api.pool.query('select rtrim(pg_get_viewdef($1::regclass), $2) as whole', [view, ';']);
    await api.pool.query(`create or replace view ${view} as ${rows[0].whole} where 1 / (select 0) = 1`);
    const answer = await api.query('{ currencies { code } }');
    await api.pool.query(`create or replace view ${view} as ${rows[0].whole}`);
    expect(answer.errors).to.have.length(1);
    expect(answer.errors?.[0]?.message).to.equal('Unexpected error.');
    expect(answer.errors?.[0]?.extensions.code).to.equal('INTERNAL_SERVER_ERROR');
    expect(JSON.stringify(answer)).not.to.match(/revenue|division|select/);
  });

  it('says that Postgres is away, and answers again when it is back', async () => {
    expect((await get('/health')).status).to.equal(200);
    await proxy.cut();
    const answer = await api.query('{ currencies { code } }');
    expect(answer.errors?.[0]?.extensions.code).to.equal('DATABASE_UNAVAILABLE');
    expect((await get('/health')).status).to.equal(503);
    await proxy.restore();
    await until('it answers again', async () => (await api.query('{ currencies { code } }')).errors === undefined);
    expect(await (await get('/health')).json()).to.deep.equal({ status: 'ready' });
  });
});
