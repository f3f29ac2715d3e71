import { expect } from 'chai';
import type { Event } from '../../domain/messages.generated.ts';
import { createKafka } from '../../platform/kafka/client.ts';
import { createLogger } from '../../platform/logger.ts';
import { namesOf } from '../../platform/names.ts';
import { inTransaction } from '../../platform/postgres/index.ts';
import { createCodec } from '../../platform/registry/codec.ts';
import { projections } from '../../projections/catalogue.ts';
import { CheckpointConflict } from '../../projections/checkpoints.ts';
import { discard } from '../../projections/discarded.ts';
import { createGeneration } from '../../projections/generations.ts';
import { decodeSlices } from '../../projections/log-slice.ts';
import { listParked } from '../../projections/parked.ts';
import { complete } from '../../projections/rebuild/complete.ts';
import { type FillOptions, fill } from '../../projections/rebuild/fill.ts';
import { isIndexed, type Target, tableOf } from '../../projections/sql.ts';
import { dayIn } from '../../projections/time.ts';
import { refund, sale, voiding } from '../support/documents.ts';
import { type Bench, openBench } from '../support/projection-worker.ts';
import { prove } from '../support/verify.ts';

/** The same few keys again and again, with their names, first and last purchase changing. */
function documents(prefix: string, renamed: string): Event[] {
  const at = Date.UTC(2026, 0, 15, 12);
  return Array.from({ length: 30 }, (_, index) => {
    const lines = [{ productId: `p-${index % 3}`, productName: `${renamed} ${index % 3}`, category: 'Kitchen' }];
    const sold = sale(`${prefix}-${index}`, { occurredAt: at + index * 1000, customerId: `c-${index % 4}`, lines });
    if (index % 7 === 3) return [sold, refund(sold, 'r-1', { occurredAt: at })];
    return index % 11 === 5 ? [sold, voiding(sold, { occurredAt: at })] : [sold];
  }).flat();
}

describe('filling the tables of a new generation', function () {
  this.timeout(60_000);
  let bench: Bench;
  let targets: Target[];
  let options: FillOptions;

  beforeEach(async () => {
    bench = await openBench({ partitions: 2 });
    const { config, pool, schema } = bench;
    targets = await inTransaction(pool, async (client) => {
      const made: Target[] = [];
      for (const projection of projections) {
        made.push(await createGeneration(client, schema, projection, { status: 'building', partitions: 2 }));
      }
      return made;
    });
    const codec = createCodec(config.registry, new Map());
    options = {
      kafka: createKafka(config, 'test'),
      topic: namesOf(config.namespace).topics.events,
      pool,
      logger: createLogger('test', 'silent'),
      decode: (slices) => decodeSlices(codec, dayIn(config.storeTimeZone), slices),
    };
  });

  afterEach(async () => {
    await bench.close();
  });

  async function countRows(target: Target): Promise<number> {
    const { rows } = await bench.pool.query(`select count(*) as count from ${tableOf(target)}`);
    return rows[0].count;
  }

  async function expectEqualToLog(): Promise<void> {
    for (const { projection, generation } of targets) {
      const { first, rows } = await prove(bench, projection.name, { generation });
      expect(first, projection.name).to.equal(undefined);
      expect(rows).to.be.greaterThan(0);
    }
  }

  it('copies batch after batch, makes one row a key of them, and merges what comes later as it comes', async () => {
    await bench.log.append(documents('a', 'Mug'));
    await fill(targets, options);
    const afterOne = await Promise.all(targets.map(countRows));
    await bench.log.append(documents('b', 'Cup'));
    await fill(targets, options);
    const copied = await Promise.all(targets.map(countRows));
    for (const [index, rows] of copied.entries()) expect(rows).to.be.greaterThan(afterOne[index] ?? 0);
    for (const target of targets) await complete(bench.pool, target);
    await expectEqualToLog();
    await bench.log.append(documents('c', 'Beaker'));
    await fill(targets, options);
    await expectEqualToLog();
  });

  it('takes of two names in the same millisecond and partition the one that was copied in last', async () => {
    const target = targets.find(({ projection }) => projection.name === 'products');
    if (!target) throw new Error('there are no products');
    for (const name of ['First', 'Second', 'Third']) {
      await bench.pool.query(
        `insert into ${tableOf(target)} (day, currency, channel, country, product_id, product_name, units, last_recorded)
         values ('2026-01-15', 'GBP', 'WEB', 'GB', 'p-1', $1, 2, 1024)`,
        [name],
      );
    }
    await complete(bench.pool, target);
    const { rows } = await bench.pool.query(`select product_name as name, units from ${tableOf(target)}`);
    expect(rows).to.deep.equal([{ name: 'Third', units: 6 }]);
  });

  it('does without what is discarded while it reads, neither folded nor parked', async () => {
    const { pool, schema } = bench;
    await bench.log.append(documents('a', 'Mug'));
    await pool.query(
      `insert into ${schema}.parked select name, 1, 0, 0, 'failure', 'error' from unnest($1::text[]) as name`,
      [targets.map(({ projection }) => projection.name)],
    );
    let isDiscarded = false;
    const mayGoOn = async () => {
      if (isDiscarded) return;
      isDiscarded = true;
      const events = await listParked(pool, schema);
      await inTransaction(pool, (client) => discard(client, schema, events, 'a test'));
    };
    const interrupted = await fill(targets, { ...options, mayGoOn }).catch((error) => error);
    expect(interrupted).to.be.instanceOf(CheckpointConflict);
    await fill(targets, options);
    for (const target of targets) await complete(pool, target);
    expect(await listParked(pool, schema)).to.deep.equal([]);
    await expectEqualToLog();
  });

  it('completes a table that is complete without harm', async () => {
    await bench.log.append(documents('a', 'Mug'));
    await fill(targets, options);
    for (const target of targets) {
      await complete(bench.pool, target);
      await complete(bench.pool, target);
      const { rows } = await bench.pool.query(isIndexed(target));
      expect(rows).to.deep.equal([{ indexed: true }]);
    }
    await expectEqualToLog();
  });
});
