import { setTimeout as delay } from 'node:timers/promises';
import avro from 'avsc';
import { expect } from 'chai';
import type pg from 'pg';
import { makeLog } from '../../bench/make-log.ts';
import { createOutcomes, type Outcomes } from '../../commands/state/outcomes.ts';
import { exclusively } from '../../commands/state/swap.ts';
import type { Config } from '../../platform/config.ts';
import { createAppender } from '../../platform/kafka/append.ts';
import { createKafka, withAdmin } from '../../platform/kafka/client.ts';
import { topicRanges } from '../../platform/kafka/offsets.ts';
import { type Names, namesOf } from '../../platform/names.ts';
import { createPool } from '../../platform/postgres/index.ts';
import { createCodec } from '../../platform/registry/codec.ts';
import { registeredIds } from '../../schemas/registry.ts';
import { saleJson, validEvents } from '../support/command-side.ts';
import { type KafkaNative, openKafkaNative } from '../support/kafka-native.ts';
import { salesCommand } from '../support/sales-command.ts';
import { dropNamespace, servers } from '../support/servers.ts';
import { type Services, settingsOf, startServices, until } from '../support/services.ts';

interface RebuiltJson {
  records: number;
  events: number;
  differences: number;
  first?: { position: string; state?: { key: string }; log?: { key: string } };
  replaced: boolean;
}

describe('sales commands rebuild-state', function () {
  this.timeout(120_000);
  let config: Config;
  let names: Names;
  let schema: string;
  let pool: pg.Pool;
  let services: Services;
  let native: KafkaNative;
  let outcomes: Outcomes;

  before(async () => {
    config = await servers({ partitions: 4 });
    names = namesOf(config.namespace);
    schema = names.postgres.write;
    await makeLog(config, { sales: 4000, days: 90 });
    pool = createPool(config, { applicationName: 'test' });
    services = await startServices(config, ['command-processor']);
    native = await openKafkaNative(config);
    const codec = createCodec(config.registry, await registeredIds(config.registry, names.topics));
    outcomes = createOutcomes(pool, schema, codec);
    await until('the state has all of the log', async () => (await stored()) === 4080);
  });

  after(async () => {
    await native?.close();
    await services?.stop();
    await pool?.end();
    if (config) await dropNamespace(config);
  });

  async function stored(): Promise<number> {
    const { rows } = await pool.query(
      `select coalesce(sum(next_offset), 0)::int as count from ${schema}.checkpoints_v2`,
    );
    return rows[0].count;
  }

  async function run(...options: string[]) {
    const { code, stdout, stderr } = await salesCommand(['commands', 'rebuild-state', '--json', ...options], {
      env: settingsOf(config),
    });
    return { code, stderr, result: stdout ? (JSON.parse(stdout) as RebuiltJson) : undefined };
  }

  /** Until the state has the outcome of these commands. */
  async function untilStored(...commandIds: string[]) {
    for (const id of commandIds) await until(`${id} is stored`, () => outcomes.find(id), 30_000);
  }

  /** An id of the same partition: what is sent under it is decided after what was sent before. */
  function siblingOf(id: string): string {
    for (let count = 1; ; count += 1) {
      if (native.partitionOf(`${id}-${count}`) === native.partitionOf(id)) return `${id}-${count}`;
    }
  }

  async function rebuildSchemas(): Promise<number> {
    const found = await pool.query('select from pg_namespace where nspname = $1', [`${schema}_rebuild`]);
    return found.rowCount ?? 0;
  }

  it('finds what is there equal to the log, and replaces it while commands are decided', async () => {
    let done = false;
    const sent: string[] = [];
    const traffic = (async () => {
      while (!done) {
        const id = `live-${sent.length}`;
        await native.send(id, saleJson(id));
        sent.push(id);
        await delay(5);
      }
    })();
    const { code, result, stderr } = await run();
    done = true;
    await traffic;
    expect(code, stderr).to.equal(0);
    expect(result).to.include({ differences: 0, replaced: true });
    expect(result?.events).to.be.at.least(4080);
    const kept = `select count(*) as count from ${schema}.events_v2 where key like 'live-%'`;
    const all = async () => (await pool.query(kept)).rows[0].count === sent.length;
    await until('all are stored', all, 30_000);
    const events = await validEvents(config, names.topics.events);
    expect(events.filter(({ key }) => key.startsWith('live-'))).to.have.length(sent.length);
    expect(await run('--verify')).to.deep.include({ code: 0 });
    expect(await rebuildSchemas()).to.equal(0);
  });

  it('says where the state differs, puts it right, and running processors decide by it at once', async () => {
    for (const id of ['forgotten', 'altered', 'doubled']) await native.send(id, saleJson(id));
    await untilStored('forgotten', 'altered', 'doubled');
    await pool.query(`delete from ${schema}.events_v2 where key = 'forgotten'`);
    await pool.query(`update ${schema}.events_v2 set event = set_byte(event, 40, 66) where key = 'altered'`);
    await pool.query(`insert into ${schema}.events_v2 select * from ${schema}.events_v2 where key = 'doubled'`);

    const verified = await run('--verify');
    expect(verified.code).to.equal(3);
    expect(verified.result).to.include({ differences: 3, replaced: false });
    const { position, state, log } = verified.result?.first ?? {};
    expect(position).to.match(/^\d:\d+$/);
    expect(['forgotten', 'altered', 'doubled']).to.include(log?.key ?? state?.key);
    const text = await salesCommand(['commands', 'rebuild-state'], { env: settingsOf(config) });
    expect(text.code).to.equal(3);
    expect(text.stdout)
      .to.match(/differed from the log in 3 places/)
      .and.include(`event ${position}`);
    expect(text.stdout).to.include('state: ').and.include('log:   ');

    await native.send('forgotten', saleJson('forgotten'));
    const next = siblingOf('forgotten');
    await native.send(next, saleJson(next));
    await untilStored(next);
    expect((await run('--verify')).code).to.equal(0);
    const events = await validEvents(config, names.topics.events);
    expect(events.filter(({ key }) => key === 'forgotten')).to.have.length(1);
    expect(events.filter(({ key }) => key === next)).to.have.length(1);
  });

  it('puts right a checkpoint, and a state that lost its rows', async () => {
    await services.kill('command-processor');
    await pool.query(`update ${schema}.checkpoints_v2 set last_command_id = 'another' where partition = 2`);
    const checkpoint = await run();
    expect(checkpoint.code).to.equal(3);
    expect(checkpoint.result).to.deep.include({ differences: 1 });
    expect(checkpoint.result?.first?.position).to.equal('2');
    await pool.query(`truncate ${schema}.events_v2, ${schema}.checkpoints_v2`);
    expect((await run()).result).to.include({ events: 0, differences: 0, replaced: true });
    await pool.query(`delete from ${schema}.events_v2`);
    const rowless = await run();
    expect(rowless.code).to.equal(3);
    expect(rowless.result?.differences).to.equal(rowless.result?.records);
    await services.start('command-processor');
    await native.send('after-loss', saleJson('after-loss'));
    await untilStored('after-loss');
    expect((await run('--verify')).code).to.equal(0);
  });

  it('leaves the state alone when it is killed at any moment, and the next run is none the worse', async () => {
    const oid = async () => {
      const { rows } = await pool.query('select $1::regclass::oid as oid', [`${schema}.events_v2`]);
      return rows[0].oid;
    };
    const live = await oid();
    for (const stage of ['Reading', 'Indexing', 'Comparing']) {
      const { code } = await salesCommand(['commands', 'rebuild-state', '--json'], {
        env: settingsOf(config),
        watch: (line, child) => {
          if (line.includes(stage)) child.kill('SIGKILL');
        },
      });
      expect(code, stage).to.equal(null);
      expect(await oid(), stage).to.equal(live);
    }
    expect(await run()).to.deep.include({ code: 0 });
    expect(await oid()).not.to.equal(live);
    expect(await rebuildSchemas()).to.equal(0);
  });

  it('excludes a second one with a message', async () => {
    const { code, stderr } = await exclusively(pool, schema, { wait: false }, () => run('--verify'));
    expect(code).to.equal(1);
    expect(stderr).to.include('being rebuilt or verified already');
  });

  it('refuses when the log ends before the state, unless forced', async () => {
    await services.kill('command-processor');
    await pool.query(`update ${schema}.checkpoints_v2 set next_offset = next_offset + 1000 where partition = 1`);
    const refused = await run();
    expect(refused.code).to.equal(1);
    expect(refused.stderr).to.match(/events\/1 ends at \d+, and the state reaches up to \d+.*--force/);
    expect((await run('--force')).result?.replaced).to.equal(true);
    await services.start('command-processor');
    await native.send('after-force', saleJson('after-force'));
    await untilStored('after-force');
  });

  it('keeps what answers for every command by its id: accepted, refused, and refused under its place', async () => {
    const { find } = outcomes;
    const refund = {
      type: 'RefundSale',
      saleId: 'asked',
      refundId: 'r1',
      occurredAt: '2026-02-01T00:00:00Z',
      whole: true,
    };
    await native.send('asked', saleJson('asked'));
    await native.send('asked', refund);
    await native.send('asked', { ...refund, refundId: 'r2', commandId: 'too-much' });
    const garbage = await native.produce({ key: 'asked', value: 'garbage' });
    const expected = [
      ['asked', { outcome: 'accepted', eventId: 'SaleRecorded:asked' }],
      ['refund:asked:r1', { outcome: 'accepted', eventId: 'SaleRefunded:asked:r1' }],
      ['too-much', { outcome: 'rejected', eventId: 'CommandRejected:too-much', code: 'EXCEEDS_PAID' }],
      [garbage, { outcome: 'rejected', eventId: `CommandRejected:${garbage}`, code: 'UNREADABLE' }],
    ] as const;
    await untilStored(...expected.map(([id]) => id));
    const check = async () => {
      for (const [commandId, answer] of expected) {
        const found = await find(commandId);
        expect(found).to.include({ commandId, repeated: false, ...answer });
        expect(found?.position).to.match(/^\d:\d+$/);
      }
    };
    await check();
    expect(await find('nobody-sent-this')).to.equal(undefined);
    expect((await run()).code).to.equal(0);
    await check();
  });

  it('stops at a valid event that names no command, and leaves the state alone', async () => {
    await services.kill('command-processor');
    const kafka = createKafka(config, 'test');
    const end = (await withAdmin(kafka, (admin) => topicRanges(admin, names.topics.events))).get(0)?.high ?? 0;
    const long = avro.Type.forSchema('long');
    const value = Buffer.concat([Buffer.from([0, 0, 0, 0, 1]), long.toBuffer(end), long.toBuffer(1_000_000)]);
    const appender = await createAppender(kafka);
    await appender.append(names.topics.events, 0, [{ key: 'odd', value }]);
    await appender.close();
    const before = await stored();
    const { code, stderr } = await run();
    expect(code).to.equal(1);
    expect(stderr).to.include(`0:${end} is valid but does not name its command`);
    expect(await stored()).to.equal(before);
    expect(await rebuildSchemas()).to.equal(0);
  });
});
