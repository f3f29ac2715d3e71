import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import avro from 'avsc';
import { expect } from 'chai';
import kafkajs from 'kafkajs';
import type pg from 'pg';
import { createOutcomes, type Outcomes } from '../../commands/state/outcomes.ts';
import { environment } from '../../dev/environment.ts';
import { projectRoot } from '../../dev/local-stack/folder.ts';
import type { Config } from '../../platform/config.ts';
import { createKafka } from '../../platform/kafka/client.ts';
import { type Names, namesOf } from '../../platform/names.ts';
import { createPool } from '../../platform/postgres/index.ts';
import { createCodec } from '../../platform/registry/codec.ts';
import { registeredIds } from '../../schemas/registry.ts';
import { readTopic, saleJson, validEvents } from '../support/command-side.ts';
import { type KafkaNative, openKafkaNative, type RawCommand } from '../support/kafka-native.ts';
import { pythonPrograms } from '../support/python.ts';
import { dropNamespace, servers } from '../support/servers.ts';
import { type Services, settingsOf, startServices, until } from '../support/services.ts';

/** A record that is no command that can be decided, and why. */
type Wrong = RawCommand & { what: string; reason: RegExp };

const examples = join(projectRoot, 'test/examples');
const PARTITIONS = 4;
const MAX_BATCH_BYTES = 4 * 1024 * 1024;
/** Of a batch with one record that has a value of some megabytes and a key of 4 bytes. */
const BATCH_OVERHEAD = 80;

describe('a Kafka-native producer', function () {
  this.timeout(120_000);
  let config: Config;
  let names: Names;
  let pool: pg.Pool;
  let services: Services;
  let native: KafkaNative;
  let outcomes: Outcomes;

  before(async () => {
    config = await servers({ partitions: PARTITIONS });
    names = namesOf(config.namespace);
    services = await startServices(config, ['command-api', 'command-processor']);
    pool = createPool(config, { applicationName: 'test' });
    native = await openKafkaNative(config);
    const codec = createCodec(config.registry, await registeredIds(config.registry, names.topics));
    outcomes = createOutcomes(pool, names.postgres.write, codec);
  });

  after(async () => {
    await native?.close();
    await pool?.end();
    await services?.stop();
    if (config) await dropNamespace(config);
  });

  async function outcomeOf(commandId: string) {
    await until(`${commandId} is decided`, () => outcomes.find(commandId), 30_000);
    return outcomes.find(commandId);
  }

  it('gets an event for each command that it writes', async () => {
    const place = await native.send('s-1', saleJson('s-1'));
    expect(await outcomeOf('s-1')).to.include({ outcome: 'accepted', eventId: 'SaleRecorded:s-1' });
    const [event] = await validEvents(config, names.topics.events);
    expect(`${event?.partition}:${event?.record?.commandOffset}`).to.equal(place);
  });

  it('may compress, and can bring in no more bytes by it', async () => {
    const { CompressionTypes, Partitioners } = kafkajs;
    const kafka = createKafka(config, 'test');
    const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner, retry: { retries: 0 } });
    await producer.connect();
    const send = (key: string, value: Buffer) =>
      producer.send({ topic: names.topics.commands, compression: CompressionTypes.GZIP, messages: [{ key, value }] });
    await send('packed', native.encode(saleJson('packed')));
    expect(await outcomeOf('packed')).to.include({ outcome: 'accepted' });
    const refused = await send('bomb', Buffer.alloc(100e6)).catch((error) => error);
    expect(refused).to.include({ type: 'MESSAGE_TOO_LARGE' });
    await producer.disconnect();
  });

  it('finds every record that is no command refused and kept, and processing goes on', async () => {
    const wrong = await wrongRecords();
    const sent: (Wrong & { place: string })[] = [];
    for (const record of wrong) sent.push({ ...record, place: await native.produce(record) });
    await native.send('goes-on', saleJson('goes-on'));
    expect(await outcomeOf('goes-on')).to.include({ outcome: 'accepted' });

    const refused = new Map<string, string>();
    for (const { what, place, reason } of sent) {
      const outcome = await outcomeOf(place);
      expect(outcome, what).to.include({ outcome: 'rejected', eventId: `CommandRejected:${place}` });
      refused.set(place, `${outcome?.code}: ${outcome?.detail}`);
      expect(refused.get(place), what).to.match(reason);
    }
    const events = await validEvents(config, names.topics.events);
    const parked = await native.parked();
    expect(parked.map(({ place }) => place).sort()).to.deep.equal(sent.map(({ place }) => place).sort());
    for (const { what, place, key, value } of sent) {
      expect(
        events.filter(({ record }) => record?.commandId === place),
        what,
      ).to.have.length(1);
      const found = parked.find((one) => one.place === place);
      expect(found?.reason, what).to.equal(refused.get(place));
      expect(isSame(found?.key, key), `key of ${what}`).to.equal(true);
      expect(isSame(found?.value, value), `value of ${what}`).to.equal(true);
    }

    // What was only misrouted is accepted when it comes where it belongs.
    await native.send('routed', saleJson('routed'));
    expect(await outcomeOf('routed')).to.include({ outcome: 'accepted' });
  });

  it('finds what breaks the rules, or makes too large an event, refused under its command id and kept', async () => {
    const { payments: _, ...unpaid } = saleJson('unpaid');
    const line = { productId: 'p', category: 'c', quantity: 1, unitPrice: 0 };
    const huge = (saleId: string, lines: number) =>
      saleJson(saleId, {
        lines: Array.from({ length: lines }, () => ({ ...line, productName: '\u20ac'.repeat(512) })),
        payments: [],
      });
    const invalid = native.encode({ ...unpaid, payments: [{ method: 'card', amount: 765 }] });
    const unbalanced = Buffer.from(invalid);
    // The payment's amount: before the end of its array and of nothing else.
    unbalanced[unbalanced.length - 2] = 2;
    const bytes = {
      unpaid: unbalanced,
      huge: native.encode(huge('huge', 2000)),
      large: native.encode(huge('large', 1700)),
    };
    const places = new Map<string, string>();
    for (const [key, value] of Object.entries(bytes)) places.set(key, await native.produce({ key, value }));
    expect(await outcomeOf('large')).to.include({ outcome: 'accepted' });
    expect(await outcomeOf('huge')).to.include({ outcome: 'rejected', code: 'TOO_LARGE' });
    expect(await outcomeOf('unpaid')).to.include({ outcome: 'rejected', code: 'INVALID' });
    const parked = await native.parked();
    for (const [key, reason] of [
      ['huge', /^TOO_LARGE: its event would take 3\d{6} bytes of 3000000/],
      ['unpaid', /^INVALID: \/payments /],
    ] as const) {
      const found = parked.find(({ place }) => place === places.get(key));
      expect(found?.reason).to.match(reason);
      expect(found?.value?.equals(bytes[key])).to.equal(true);
    }
    expect(parked.some(({ place }) => place === places.get('large'))).to.equal(false);
  });

  describe('is shown by an example', () => {
    const inTypeScript = (saleId: string) =>
      runExample(process.execPath, ['--import', 'tsx', join(examples, 'record-sale.ts'), saleId]);
    const inPython = (saleId: string) => {
      const python = join(pythonPrograms('examples', join(examples, 'requirements.txt')), 'python3');
      return runExample(python, [join(examples, 'record_sale.py'), saleId]);
    };

    async function runExample(program: string, args: string[]) {
      const env = { ...settingsOf(config), SALES_COMMANDS_URL: services.commandsUrl };
      const { code, stdout, stderr } = await run(program, args, env);
      expect(code, stderr).to.equal(0);
      return stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
    }

    for (const [language, example] of [
      ['TypeScript', inTypeScript],
      ['Python', inPython],
    ] as const) {
      it(`in ${language}, which records a sale and refunds it`, async () => {
        const saleId = `from ${language}/1`;
        const [sale, refund] = await example(saleId);
        expect(sale).to.include({ commandId: saleId, outcome: 'accepted' });
        expect(refund).to.include({ commandId: `refund:${saleId}:1`, outcome: 'accepted' });
        const found = (await validEvents(config, names.topics.events)).filter(({ key }) => key === saleId);
        const positions = found.map(({ partition, offset }) => `${partition}:${offset}`);
        expect(positions).to.deep.equal([sale.position, refund.position]);
      });
    }

    it('in one language that repeats the commands of the other: nothing happens twice', async () => {
      const first = await inTypeScript('from both');
      const second = await inPython('from both');
      expect(second.map(({ position }) => position)).to.deep.equal(first.map(({ position }) => position));
      const found = (await validEvents(config, names.topics.events)).filter(({ key }) => key === 'from both');
      expect(found).to.have.length(2);
    });
  });

  async function wrongRecords(): Promise<Wrong[]> {
    const key = 'routed';
    const right = native.partitionOf(key);
    const valid = native.encode(saleJson(key));
    const [event] = await readTopic(config, names.topics.events);
    const nul = native.encode(saleJson('nul'));
    nul.write('\0', nul.lastIndexOf('nul') + 1);
    const unreadable = (what: string, value: RawCommand['value'], reason: RegExp): Wrong => ({
      what,
      key,
      value,
      reason,
    });
    const misrouted = (what: string, fields: Partial<RawCommand>, reason: RegExp): Wrong => ({
      what,
      key,
      value: valid,
      partition: right,
      ...fields,
      reason,
    });
    return [
      unreadable('text', 'not Avro at all', /^UNREADABLE: .*wire format/),
      unreadable(
        'another magic byte',
        Buffer.concat([Buffer.from([1]), valid.subarray(1)]),
        /^UNREADABLE: .*wire format/,
      ),
      unreadable(
        'bytes behind a known schema id',
        Buffer.concat([valid.subarray(0, 5), Buffer.alloc(50, 0xff)]),
        /^UNREADABLE: .* is no RecordSale/,
      ),
      unreadable(
        'an unknown schema id',
        Buffer.from([0, 0, 15, 66, 63, 1, 2]),
        /^UNREADABLE: schema id 999999 is unknown/,
      ),
      unreadable('truncated Avro', valid.subarray(0, 20), /^UNREADABLE: .* is no RecordSale: truncated/),
      unreadable('bytes left over', Buffer.concat([valid, valid]), /^UNREADABLE: .* is no RecordSale/),
      unreadable('a string that says it is huge', declaring(valid, 'string'), /^UNREADABLE: .* is no RecordSale/),
      unreadable(
        'a list that says it is huge',
        declaring(valid, 'lines'),
        /^UNREADABLE: .*more items than it has bytes/,
      ),
      unreadable('an event', event?.value ?? null, /^UNREADABLE: SaleRecorded is an event/),
      unreadable('a tombstone', null, /^UNREADABLE: .*wire format/),
      unreadable(
        'as many bytes as fit',
        Buffer.alloc(MAX_BATCH_BYTES - BATCH_OVERHEAD, 7),
        /^UNREADABLE: .*wire format/,
      ),
      { what: 'an id with a NUL', key: 'n\0l', value: nul, reason: /^UNREADABLE: its ids must be/ },
      { what: 'a key with a NUL', key: 'a\0b', value: 'x', reason: /^UNREADABLE: / },
      { what: 'a key of megabytes', key: Buffer.alloc(MAX_BATCH_BYTES - 200, 65), value: 'x', reason: /^UNREADABLE: / },
      misrouted(
        'another key',
        { key: 'another', partition: native.partitionOf('another') },
        /^MISROUTED: .*must be .* routed, but is another/,
      ),
      misrouted('no key', { key: null }, /^MISROUTED: .*is no id/),
      misrouted('a key that is no text', { key: Buffer.from([0xff, 0xfe, 0]) }, /^MISROUTED: .*is no id/),
      misrouted(
        'another partition',
        { partition: (right + 1) % PARTITIONS },
        new RegExp(`^MISROUTED: .*partition ${right} by murmur2`),
      ),
    ];
  }
});

async function run(program: string, args: string[], env: Record<string, string>) {
  const child = spawn(program, args, { env: { ...environment, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code, stdout, stderr };
}

function isSame(found: Buffer | null | undefined, sent: RawCommand['value']): boolean {
  return sent === null ? found === null : found?.equals(Buffer.from(sent)) === true;
}

/** A RecordSale whose command id, or whose lines, declare a length far beyond the record's end. */
function declaring(valid: Buffer, what: 'string' | 'lines'): Buffer {
  const [string, long] = [avro.Type.forSchema('string'), avro.Type.forSchema('long')];
  const prefix = valid.subarray(0, 5);
  if (what === 'string') return Buffer.concat([prefix, long.toBuffer(2 ** 50), Buffer.from('routed')]);
  const texts = (...values: string[]) => values.map((value) => string.toBuffer(value));
  const none = long.toBuffer(0);
  const head = [...texts('routed'), none, ...texts('routed'), long.toBuffer(0), ...texts('GBP', 'online', 'GB'), none];
  return Buffer.concat([prefix, ...head, long.toBuffer(1_000_000_000), Buffer.from('P1')]);
}
