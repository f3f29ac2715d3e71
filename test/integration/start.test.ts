/** npm start, npm stop and npm run status, in a copy of this clone. */
import { createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'chai';
import type { Addresses } from '../../dev/services.ts';
import type { Config } from '../../platform/config.ts';
import { type Clone, copyOfClone } from '../support/clone.ts';
import { dropNamespace, servers } from '../support/servers.ts';

const sale = {
  saleId: 'start-test-1',
  occurredAt: '2026-01-15T12:00:00Z',
  currency: 'GBP',
  channel: 'online',
  country: 'GB',
  lines: [{ productId: 'p1', productName: 'Teapot', category: 'Kitchen', quantity: 2, unitPrice: 2_550_000 }],
  payments: [{ method: 'card', amount: 510 }],
};

describe('npm start', function () {
  this.timeout(120_000);
  let clone: Clone;
  before(async () => {
    clone = await copyOfClone();
  });
  after(() => clone.remove());

  const lastLine = (text: string) => text.trimEnd().split('\n').at(-1) ?? '';
  const send = async (addresses: Addresses, saleId = sale.saleId) => {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ ...sale, saleId });
    const answer = await fetch(`${addresses.commands}/sales`, { method: 'POST', headers, body });
    return (await answer.json()) as { outcome: string; repeated: boolean };
  };
  /** Sales that the read side counts. */
  const recorded = async (addresses: Addresses): Promise<number> => {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ query: '{ currencies { code orders } }' });
    const answer = await fetch(addresses.graphql, { method: 'POST', headers, body });
    return JSON.parse(await answer.text()).data?.currencies[0]?.orders ?? 0;
  };

  it('says which port is taken and what to do', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => holder.once('listening', resolve));
    const address = holder.address();
    const port = String(typeof address === 'object' ? address?.port : '');
    const { code, stderr } = await clone.npm(['start', '--', '--detach'], { SALES_HTTP_PORT: port });
    holder.close();
    expect(code).to.equal(1);
    expect(stderr).to.match(new RegExp(`Port ${port} .* is taken.*SALES_HTTP_PORT=`, 's'));
    expect(clone.running()).to.deep.equal({});
  });

  it('refuses half of the addresses, naming the others', async () => {
    const { code, stderr } = await clone.npm(['start'], { REDIS_URL: 'redis://127.0.0.1:1' });
    expect(code).to.equal(1);
    expect(stderr).to.include('KAFKA_BROKERS, SCHEMA_REGISTRY_URL, DATABASE_URL are not set');
  });

  it('refuses a flag that it does not know', async () => {
    const { code, stderr } = await clone.npm(['start', '--', '--demo']);
    expect(code).to.equal(1);
    expect(stderr).to.include('--no-demo');
  });

  it('says that nothing runs', async () => {
    const { code, stdout } = await clone.npm(['run', 'status', '--', '--json']);
    expect(code).to.equal(1);
    const { ready, parts } = JSON.parse(lastLine(stdout));
    expect(ready).to.equal(false);
    for (const part of parts) expect(part).to.include({ ready: false, detail: 'not running' });
  });

  describe('--detach --json --no-demo', () => {
    let addresses: Addresses;

    it('returns when all is ready, with one line of addresses', async () => {
      const { code, stdout, stderr } = await clone.npm(['start', '--', '--detach', '--json', '--no-demo']);
      expect(code, stderr).to.equal(0);
      addresses = JSON.parse(lastLine(stdout));
      expect(Object.keys(addresses)).to.have.members([
        ...['dashboard', 'graphql', 'commands', 'registry', 'kafka', 'postgres', 'redis'],
      ]);
      for (const url of Object.values(addresses)) expect(url).to.not.match(/\/$/);
      expect((await fetch(addresses.dashboard)).status).to.equal(200);
      expect((await fetch(`${addresses.registry}/subjects`)).status).to.equal(200);
      expect(await send(addresses)).to.include({ outcome: 'accepted', repeated: false });
    });

    it('reports every part as ready', async () => {
      const { code, stdout } = await clone.npm(['run', 'status', '--', '--json']);
      const { parts } = JSON.parse(lastLine(stdout));
      expect(parts).to.have.lengthOf(9);
      for (const part of parts) expect(part.ready, part.title).to.equal(true);
      expect(code).to.equal(0);
    });

    it('a second start says that it runs already, with the same addresses', async () => {
      const { code, stdout, stderr } = await clone.npm(['start', '--', '--json']);
      expect(code).to.equal(0);
      expect(stderr).to.include('already running');
      expect(JSON.parse(lastLine(stdout))).to.deep.equal(addresses);
    });

    it('starts a service again that died', async () => {
      const processOf = () => clone.stackFile().services.find(({ name }) => name === 'read-api');
      const before = processOf();
      process.kill(before?.pid ?? 0, 'SIGKILL');
      while (!(await fetch(addresses.dashboard).catch(() => undefined))?.ok) await wait(100);
      expect(processOf()?.pid).to.not.equal(before?.pid);
    });

    it('starts servers again that died, over their data, and goes on', async () => {
      const names = ['kafka', 'registry', 'postgres', 'redis'];
      const before = clone.running();
      for (const name of names) process.kill(before[name] ?? 0, 'SIGKILL');
      const { code, stdout, stderr } = await clone.npm(['start', '--', '--json']);
      expect(code, stderr).to.equal(0);
      expect(JSON.parse(lastLine(stdout))).to.deep.equal(addresses);
      const after = clone.running();
      for (const name of names) expect(after[name]).to.not.equal(before[name]);
      expect(await send(addresses)).to.include({ outcome: 'accepted', repeated: true });
      expect(await send(addresses, 'start-test-2')).to.include({ outcome: 'accepted', repeated: false });
      while ((await recorded(addresses)) < 2) await wait(100);
    });

    it('npm stop leaves nothing running', async () => {
      const { code } = await clone.npm(['stop']);
      expect(code).to.equal(0);
      expect(clone.running()).to.deep.equal({});
      expect((await clone.npm(['stop'])).stdout).to.include('Nothing was running');
    });
  });

  describe('in the foreground', () => {
    it('finds its data again, and Ctrl-C stops all that it started', async () => {
      const start = clone.foreground(['--json', '--no-demo']);
      await start.until('"dashboard"');
      const addresses: Addresses = JSON.parse(lastLine((await clone.npm(['start', '--', '--json'])).stdout));
      expect(await send(addresses)).to.include({ outcome: 'accepted', repeated: true });
      // npm passes Ctrl-C on beside the terminal's own: two arrive.
      start.process.kill('SIGINT');
      start.process.kill('SIGINT');
      const { code, stderr } = await start.ended;
      expect(code, stderr).to.equal(0);
      expect(clone.running()).to.deep.equal({});
    });

    it('can be stopped while it starts', async () => {
      const start = clone.foreground(['--no-demo']);
      await start.until('Redis');
      start.process.kill('SIGTERM');
      expect((await start.ended).stdout).to.include('Stopped');
      expect(clone.running()).to.deep.equal({});
    });
  });

  describe('with addresses in the environment', () => {
    let config: Config;
    before(async () => {
      config = await servers();
    });
    after(() => dropNamespace(config));

    it('uses those servers and leaves them alone', async () => {
      const start = clone.foreground(['--no-demo'], {
        SALES_NAMESPACE: config.namespace,
        KAFKA_BROKERS: config.kafka.join(','),
        SCHEMA_REGISTRY_URL: config.registry,
        DATABASE_URL: config.postgres,
        REDIS_URL: config.redis,
      });
      await start.until('Ctrl-C stops it');
      expect(Object.keys(clone.running())).to.have.members([
        ...['command-api', 'command-processor', 'projection-worker', 'operator', 'read-api'],
      ]);
      start.process.kill('SIGINT');
      await start.ended;
      expect(clone.running()).to.deep.equal({});
      await servers();
    });
  });
});
