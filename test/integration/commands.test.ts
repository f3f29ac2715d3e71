import { expect } from 'chai';
import { Partitioners } from 'kafkajs';
import type { Answer } from '../../commands/answer.ts';
import type { Problem } from '../../commands/api/problem.ts';
import type { Config } from '../../platform/config.ts';
import { createAppender } from '../../platform/kafka/append.ts';
import { createKafka } from '../../platform/kafka/client.ts';
import { type Names, namesOf } from '../../platform/names.ts';
import { readTopic, saleJson, validEvents } from '../support/command-side.ts';
import { dropNamespace, servers } from '../support/servers.ts';
import { type Services, startServices, until } from '../support/services.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

type LineAnswer = Partial<Answer> & { line: number; error?: Problem };

describe('the command side', function () {
  this.timeout(120_000);
  let config: Config;
  let names: Names;
  let services: Services;
  let postgres: TcpProxy;

  before(async () => {
    config = await servers({ partitions: 4 });
    names = namesOf(config.namespace);
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

  async function post(path: string, body: unknown) {
    const response = await fetch(services.commandsUrl + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    return { status: response.status, answer: (await response.json()) as Answer & Problem };
  }

  async function record(sale: { type: string }) {
    const { type: _, ...body } = sale;
    return post('/sales', body);
  }

  async function bulk(lines: string[]): Promise<LineAnswer[]> {
    const response = await fetch(`${services.commandsUrl}/commands`, { method: 'POST', body: lines.join('\n') });
    return (await response.text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  }

  it('records a sale as a valid event that any Avro client with the registry reads', async () => {
    const { status, answer } = await record(saleJson('first'));
    expect(status).to.equal(201);
    expect(answer).to.include({
      commandId: 'first',
      outcome: 'accepted',
      eventId: 'SaleRecorded:first',
      repeated: false,
    });
    const events = await validEvents(config, names.topics.events);
    const event = events.find(({ key }) => key === 'first');
    expect(`${event?.partition}:${event?.offset}`).to.equal(answer.position);
    expect(event?.record).to.include({ saleId: 'first', currency: 'GBP' });
    const [command] = await readTopic(config, names.topics.commands);
    expect(command?.record?.commandId).to.equal('first');
  });

  it('adds nothing for a repeat, and refuses other content under the same id', async () => {
    const first = await record(saleJson('repeated'));
    const again = await record(saleJson('repeated'));
    expect(again.status).to.equal(200);
    expect(again.answer).to.deep.equal({ ...first.answer, repeated: true });
    const other = await record(saleJson('repeated', { country: 'FR' }));
    expect(other.status).to.equal(409);
    expect(other.answer).to.include({ outcome: 'rejected', code: 'CONFLICT' });
    expect(other.answer.detail).to.match(/^\/country /);
  });

  it('records a return', async () => {
    const { type: _, saleId: __, ...rest } = saleJson('');
    const { status, answer } = await post('/returns', { ...rest, returnId: 'back-1' });
    expect(status).to.equal(201);
    expect(answer.eventId).to.equal('ReturnRecorded:back-1');
  });

  it('gives one event for many concurrent copies of one command', async () => {
    const answers = await Promise.all(Array.from({ length: 300 }, () => record(saleJson('copies'))));
    expect(new Set(answers.map(({ answer }) => answer.position)).size).to.equal(1);
    expect(answers.filter(({ answer }) => !answer.repeated)).to.have.length(1);
    const events = await validEvents(config, names.topics.events);
    expect(events.filter(({ key }) => key === 'copies')).to.have.length(1);
  });

  const good = saleJson('bad');
  const line = good.lines[0];
  for (const [what, body, status, pointer] of [
    ['an unknown field', { ...good, colour: 'red' }, 422, '/colour'],
    ['a missing field', { ...good, currency: undefined }, 422, '/currency'],
    ['a negative quantity', { ...good, lines: [{ ...line, quantity: -3 }] }, 422, '/lines/0/quantity'],
    ['a number as a string', { ...good, lines: [{ ...line, quantity: '3' }] }, 422, '/lines/0/quantity'],
    ['payments that do not add up', { ...good, payments: [{ method: 'card', amount: 1 }] }, 422, '/payments'],
    ['a currency that is none', { ...good, currency: 'XYZ' }, 422, '/currency'],
    ['a date that is none', { ...good, occurredAt: '2026-02-30T25:00:00Z' }, 422, '/occurredAt'],
    ['a date without an offset', { ...good, occurredAt: '2026-01-31T09:30:00' }, 422, '/occurredAt'],
    ['a date in the far future', { ...good, occurredAt: '2999-01-01T00:00:00Z' }, 422, '/occurredAt'],
    ['an id with a NUL', { ...good, saleId: 'a\u0000b' }, 422, '/saleId'],
    ['no lines', { ...good, lines: [] }, 422, '/lines'],
    ['no object', [1, 2], 422, ''],
    ['broken JSON', '{"saleId": ', 400, undefined],
    ['nothing', '', 400, undefined],
  ] as [string, unknown, number, string | undefined][]) {
    it(`refuses ${what}, and says where`, async () => {
      const { type: _, ...fields } =
        typeof body === 'object' && !Array.isArray(body) ? (body as typeof good) : { type: '' };
      const { status: got, answer } = await post('/sales', Object.keys(fields).length > 0 ? fields : body);
      expect({ got, pointer: answer.pointer }).to.deep.equal({ got: status, pointer });
      expect(answer.detail).to.be.a('string').and.not.equal('');
    });
  }

  it('refuses 10 MB of JSON, an unknown type and an unknown path, and goes on', async () => {
    expect((await record(saleJson('x'.repeat(10_000_000)))).status).to.equal(413);
    expect((await bulk([JSON.stringify({ ...good, type: 'RefundEverything' })]))[0]?.error?.pointer).to.equal('/type');
    expect((await post('/nothing', {})).status).to.equal(404);
    expect((await record(saleJson('after-all-that'))).status).to.equal(201);
  });

  it('answers lines in order; a bad line is reported with its number and the others go in', async () => {
    const lines = Array.from({ length: 20 }, (_, index) => JSON.stringify(saleJson(`line-${index + 1}`)));
    lines[6] = '{"type": "RecordSale", "saleId": ';
    lines[11] = JSON.stringify({ ...saleJson('line-12'), saleId: 'y'.repeat(5_000_000) });
    const answers = await bulk(lines);
    expect(answers.map((answer) => answer.line)).to.deep.equal(Array.from({ length: 20 }, (_, index) => index + 1));
    expect(answers.filter(({ error }) => error).map((one) => [one.line, one.error?.status])).to.deep.equal([
      [7, 400],
      [12, 413],
    ]);
    expect(answers.filter(({ outcome }) => outcome === 'accepted')).to.have.length(18);
  });

  it('passes over records that landed where nobody expected them', async () => {
    const before = await validEvents(config, names.topics.events);
    const appender = await createAppender(createKafka(config, 'test'));
    for (const { partition, key, value } of before) {
      await appender.append(names.topics.events, partition, [{ key, value }]);
    }
    await appender.close();
    const answers = await bulk(
      Array.from({ length: 40 }, (_, index) => JSON.stringify(saleJson(`after-stray-${index}`))),
    );
    expect(answers.every(({ outcome }) => outcome === 'accepted')).to.equal(true);
    const after = await validEvents(config, names.topics.events);
    expect(after).to.have.length(before.length + 40);
  });

  it('waits while Postgres is away, and decides all when it is back', async () => {
    await postgres.cut();
    const ids = Array.from({ length: 200 }, (_, index) => `away-${index}`);
    const answering = bulk(ids.map((id) => JSON.stringify(saleJson(id))));
    const commands = async () =>
      (await readTopic(config, names.topics.commands)).filter(({ key }) => key.startsWith('away-'));
    await until('all commands are in the log', async () => (await commands()).length === ids.length);
    await postgres.restore();
    expect((await answering).every(({ outcome }) => outcome === 'accepted')).to.equal(true);
    const events = await validEvents(config, names.topics.events);
    expect(events.filter(({ key }) => key.startsWith('away-'))).to.have.length(ids.length);
  });

  it('loses and doubles nothing when the processor is killed again and again under load', async () => {
    const ids = Array.from({ length: 3000 }, (_, index) => `killed-${index}`);
    const answering = bulk(ids.map((id) => JSON.stringify(saleJson(id))));
    // Each costs the time-out of a session; test/slow/crashes.test.ts kills more often.
    for (let kills = 0; kills < 2; kills += 1) {
      await services.kill('command-processor', 'SIGKILL');
      await services.start('command-processor');
    }
    await answering;
    const again = await bulk(ids.map((id) => JSON.stringify(saleJson(id))));
    expect(again.every(({ outcome }) => outcome === 'accepted')).to.equal(true);
    const events = (await validEvents(config, names.topics.events)).filter(({ key }) => key.startsWith('killed-'));
    expect(new Set(events.map(({ key }) => key)).size).to.equal(ids.length);
    expect(events).to.have.length(ids.length);
    for (const answer of again) {
      const event = events.find(({ partition, offset }) => `${partition}:${offset}` === answer.position);
      expect(event?.record?.commandId).to.equal(answer.commandId);
    }
  });

  it('goes on where somebody used a transaction, and where a schema is none of ours', async () => {
    const registered = await fetch(`${config.registry}/subjects/${config.namespace}.strange/versions`, {
      method: 'POST',
      headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
      body: JSON.stringify({
        schema: JSON.stringify({ type: 'record', name: 'SaleRecorded', namespace: 'sales.events', fields: [] }),
      }),
    });
    const { id } = (await registered.json()) as { id: number };
    const strange = Buffer.alloc(20);
    strange.writeUInt32BE(id, 1);
    const producer = createKafka(config, 'test').producer({
      transactionalId: config.namespace,
      maxInFlightRequests: 1,
      idempotent: true,
      createPartitioner: Partitioners.DefaultPartitioner,
    });
    await producer.connect();
    for (let partition = 0; partition < 4; partition += 1) {
      const transaction = await producer.transaction();
      const messages = [{ partition, key: 'strange', value: strange }];
      await transaction.send({ topic: names.topics.commands, messages });
      await transaction.commit();
    }
    await producer.disconnect();
    const ids = Array.from({ length: 40 }, (_, index) => `after-transaction-${index}`);
    const answers = await bulk(ids.map((one) => JSON.stringify(saleJson(one))));
    expect(answers.every(({ outcome }) => outcome === 'accepted')).to.equal(true);
    await services.kill('command-processor');
    await services.start('command-processor');
    expect((await record(saleJson('after-its-restart'))).status).to.equal(201);
  });
});
