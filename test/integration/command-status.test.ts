/** `GET /commands/{commandId}`, and command ids given as `Idempotency-Key`. */
import { expect } from 'chai';
import type { Answer } from '../../commands/answer.ts';
import type { Problem } from '../../commands/api/problem.ts';
import type { Config } from '../../platform/config.ts';
import { namesOf } from '../../platform/names.ts';
import { saleJson, validEvents } from '../support/command-side.ts';
import { dropNamespace, servers } from '../support/servers.ts';
import { type Services, startServices, until } from '../support/services.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

interface Told {
  status: number;
  headers: Headers;
  answer: Answer & Problem & { status: number | string };
}

describe('the outcome of a command', function () {
  this.timeout(120_000);
  let config: Config;
  let services: Services;
  let postgres: TcpProxy;

  before(async () => {
    config = await servers({ partitions: 4 });
    const { hostname, port } = new URL(config.postgres);
    postgres = await startTcpProxy({ host: hostname, port: Number(port) });
    const proxied = config.postgres.replace(`:${port}/`, `:${postgres.port}/`);
    services = await startServices({ ...config, postgres: proxied }, ['command-api', 'command-processor']);
  });

  after(async () => {
    await services?.stop();
    await postgres?.cut();
    if (config) await dropNamespace(config);
  });

  async function record(fields: object, headers: Record<string, string> = {}): Promise<Told> {
    const { type: _, ...body } = { ...saleJson(''), ...fields };
    const response = await fetch(`${services.commandsUrl}/sales`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    return told(response);
  }

  async function ask(path: string): Promise<Told> {
    return told(await fetch(services.commandsUrl + path));
  }

  async function told(response: Response): Promise<Told> {
    return { status: response.status, headers: response.headers, answer: (await response.json()) as Told['answer'] };
  }

  /** Waits until all that was decided about a sale can be asked for: it is stored in the order of the log. */
  async function allIsStored(saleId: string): Promise<void> {
    const commandId = `last of ${saleId}`;
    await record({ saleId, commandId, currency: 'CHF' });
    await outcomeOf(commandId);
  }

  const pathOf = (commandId: string) => `/commands/${encodeURIComponent(commandId)}`;

  async function outcomeOf(commandId: string, path = pathOf(commandId)): Promise<Answer> {
    await until(`the outcome of ${commandId} can be asked for`, async () => (await ask(path)).status === 200);
    const { answer } = await ask(path);
    expect(answer.commandId).to.equal(commandId);
    return answer;
  }

  it('is what the client was answered, accepted or rejected', async () => {
    const accepted = await record({ saleId: 'one' });
    expect(accepted.status).to.equal(201);
    expect(await outcomeOf('one')).to.deep.equal(accepted.answer);
    const rejected = await record({ saleId: 'one', commandId: 'one-again', country: 'FR' });
    expect(rejected.status).to.equal(409);
    expect(rejected.headers.get('content-type')).to.include('application/problem+json');
    const { outcome, code, detail, eventId, position } = rejected.answer;
    expect(await outcomeOf('one-again')).to.deep.include({ outcome, code, detail, eventId, position });
  });

  for (const [what, commandId] of [
    ['slashes', 'orders/2026/7'],
    ['colons and percent signs', 'refund:100%:%2F%25'],
    ['characters of other scripts, and emoji', 'Bestellung № 7 ü 注文 🧾'],
    ['question marks, hashes, plus signs and spaces', 'a?b=c#d+e f&g'],
    ['dots', '../../health'],
    ['quotes and backslashes', '"a\\b\''],
    ['800 characters', 'é'.repeat(800)],
  ] as const) {
    it(`is found for an id with ${what}`, async () => {
      expect((await record({ saleId: `of ${what}`, commandId })).status).to.equal(201);
      expect((await outcomeOf(commandId)).eventId).to.equal(`SaleRecorded:of ${what}`);
    });
  }

  it('is found where slashes are not encoded', async () => {
    await record({ saleId: 'plain', commandId: 'shop/1' });
    await outcomeOf('shop/1', '/commands/shop/1');
  });

  it('is not known for an id that nobody sent, and that sending is safe is said', async () => {
    const { status, headers, answer } = await ask('/commands/nobody');
    expect(status).to.equal(404);
    expect(answer.type).to.equal('not-decided');
    expect(answer.detail).to.match(
      /may still wait, was never received, or repeats .* Sending it again is safe, and tells/,
    );
    expect(headers.get('retry-after')).to.equal('1');
  });

  it('is not looked up for what can be no id', async () => {
    for (const path of ['/commands/a%00b', '/commands/%ff', '/commands/%', `/commands/${'x'.repeat(801)}`]) {
      expect((await ask(path)).status, path).to.equal(400);
    }
  });

  describe('when it does not come in time', () => {
    const slow = { saleId: 'slow', commandId: 'slow/1' };
    const other = { saleId: 'taken', channel: 'another' };
    const repeat = () => record({ saleId: 'same' }, { 'idempotency-key': 'attempt-2' });
    let taken: Told;
    let same: Told;
    /** What is told of each of them after ten seconds without a processor, and what is known of the first one then. */
    let inTime: { slow: Told; other: Told; repeat: Told };
    let meanwhile: Told;

    before(async () => {
      taken = await record({ saleId: 'taken' });
      same = await record({ saleId: 'same' });
      await outcomeOf('taken');
      await services.kill('command-processor');
      const [toldSlow, toldOther, toldRepeat] = await Promise.all([record(slow), record(other), repeat()]);
      inTime = { slow: toldSlow, other: toldOther, repeat: toldRepeat };
      meanwhile = await ask(pathOf(slow.commandId));
      await services.start('command-processor');
    });

    it('is a matter of waiting, and nothing else', async () => {
      const { commandId } = slow;
      const { status, headers, answer } = inTime.slow;
      expect(status).to.equal(202);
      expect(answer).to.deep.include({ commandId, outcome: 'unknown', status: pathOf(commandId) });
      expect(headers.get('location')).to.equal(pathOf(commandId));
      expect(headers.get('retry-after')).to.equal('1');
      expect(meanwhile.status).to.equal(404);
      expect((await outcomeOf(commandId)).outcome).to.equal('accepted');
      expect((await record(slow)).status).to.equal(200);
    });

    it('is that of the accepted command where another was sent under its id; sent again, that one is told its own', async () => {
      const { status, headers, answer } = inTime.other;
      expect([status, headers.get('location')]).to.deep.equal([202, pathOf('taken')]);
      expect(answer.detail).to.match(/can be the outcome of another command .* send the same command again/);
      const again = await record(other);
      expect([again.status, again.answer.code]).to.deep.equal([409, 'CONFLICT']);
      expect(again.answer.detail).to.match(/^\/channel /);
      expect(again.answer.eventId, 'kept under its place').to.match(/^CommandRejected:\d+:\d+$/);
      await allIsStored('taken');
      expect(await outcomeOf('taken'), 'of the accepted command').to.deep.equal(taken.answer);
    });

    it('is not kept for a repeat under another id; sent again, it is told the first outcome', async () => {
      const { status, headers, answer } = inTime.repeat;
      expect([status, headers.get('location')]).to.deep.equal([202, pathOf('attempt-2')]);
      expect(answer.detail).to.match(/or none if this one repeats .* send the same command again/);
      const again = await repeat();
      const { eventId, position } = same.answer;
      expect(again.status).to.equal(200);
      expect(again.answer).to.deep.include({ outcome: 'accepted', repeated: true, eventId, position });
      await allIsStored('same');
      const asked = await ask(pathOf('attempt-2'));
      expect([asked.status, asked.answer.type]).to.deep.equal([404, 'not-decided']);
    });
  });

  it('can not be asked for while Postgres is away, and can when it is back', async () => {
    await record({ saleId: 'before' });
    await outcomeOf('before');
    await postgres.cut();
    const { status, headers, answer } = await ask('/commands/before');
    expect([status, answer.type, headers.get('retry-after')]).to.deep.equal([503, 'unavailable', '1']);
    await postgres.restore();
    await outcomeOf('before');
  });

  describe('with an Idempotency-Key', () => {
    it('has the key as its command id, bare or quoted', async () => {
      const bare = await record({ saleId: 'bare' }, { 'idempotency-key': 'key 1' });
      expect(bare.answer.commandId).to.equal('key 1');
      const quoted = await record({ saleId: 'quoted' }, { 'idempotency-key': '"key \\"2\\""' });
      expect(quoted.answer.commandId).to.equal('key "2"');
      expect((await outcomeOf('key "2"')).eventId).to.equal('SaleRecorded:quoted');
    });

    it('may be named in the body as well, but not otherwise', async () => {
      const fields = { saleId: 'both', commandId: 'key-3' };
      expect((await record(fields, { 'idempotency-key': 'key-3' })).status).to.equal(201);
      const { status, answer } = await record(fields, { 'idempotency-key': 'key-4' });
      expect([status, answer.pointer]).to.deep.equal([422, '/commandId']);
    });

    it('takes effect once, however often it is sent', async () => {
      const copies = Array.from({ length: 20 }, () => record({ saleId: 'copies' }, { 'idempotency-key': 'key-5' }));
      const statuses = (await Promise.all(copies)).map(({ status }) => status);
      expect(statuses.filter((status) => status === 201)).to.have.length(1);
      expect(statuses.filter((status) => status === 200)).to.have.length(19);
      const events = await validEvents(config, namesOf(config.namespace).topics.events);
      expect(events.filter(({ key }) => key === 'copies')).to.have.length(1);
    });

    for (const [what, key, why = /./] of [
      ['too long', 'x'.repeat(801), /must be 1 to 800 characters/],
      ['empty', '""'],
      ['no ASCII', 'schl\u00fcssel'],
      ['half a quoted string', '"key'],
      ['the name of a place in the log', '1:2', /must not look like partition:offset/],
    ] as const) {
      it(`is refused when it is ${what}`, async () => {
        const { status, answer } = await record({ saleId: 'never' }, { 'idempotency-key': key });
        expect(status).to.equal(400);
        expect(answer.detail)
          .to.match(/^the Idempotency-Key header /)
          .and.match(why);
      });
    }
  });
});
