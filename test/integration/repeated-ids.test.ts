/** Whoever writes to the topic past the processors may repeat an id: every path keeps the event that was recorded first. */
import { expect } from 'chai';
import { sale } from '../support/documents.ts';
import { openOperator, operate } from '../support/operator.ts';
import { openBench } from '../support/projection-worker.ts';
import { prove } from '../support/verify.ts';

describe('a sale id that is in the log twice', function () {
  this.timeout(60_000);

  it('has the row of the first in live tables, in rebuilt ones and in figures as of a moment, which is proven', async () => {
    const bench = await openBench({ partitions: 2 });
    const operator = await openOperator(bench);
    const priced = (shipping: number) => sale('same', { occurredAt: Date.now(), shipping });
    const others = Array.from({ length: 400 }, (_, index) => sale(`other-${index}`, { occurredAt: Date.now() }));
    // Within one batch, and beyond it.
    await bench.log.append([priced(100), ...others, priced(200)]);
    await bench.startWorker();
    await bench.caughtUp();
    await bench.log.append([priced(300)]);
    await bench.caughtUp();
    const shipping = async (generation: number) => {
      const { rows } = await bench.pool.query(
        `select shipping from ${bench.schema}.sales_g${generation} where id = 'same'`,
      );
      return rows;
    };
    expect(await shipping(1)).to.deep.equal([{ shipping: 100 }]);
    expect(await prove(bench, 'sales')).to.deep.include({ differences: 0, rows: 401 });
    const { outcome } = await operate(bench, 'rebuild', { projections: ['sales', 'revenue'] });
    expect(outcome).to.deep.include({ promoted: true });
    expect(await shipping(2)).to.deep.equal([{ shipping: 100 }]);
    const vector = Object.fromEntries(await bench.log.ends());
    expect((await operate(bench, 'as-of', { label: 'now', vector })).status).to.equal('done');
    // One that is met later but was recorded before, as it may be with two partitions, takes the place.
    await bench.pool.query(`update ${bench.schema}.sales_g2 set recorded_at = now() + interval '1 hour', shipping = 7
      where id = 'same'`);
    await bench.log.append([priced(400)]);
    await bench.caughtUp();
    expect([await shipping(1), await shipping(2)]).to.deep.equal([[{ shipping: 100 }], [{ shipping: 400 }]]);
    expect((await prove(bench, 'sales', { generation: 2 })).first?.log).to.include({ shipping: '100' });
    expect(bench.failures).to.deep.equal([]);
    await operator.stop();
    await bench.close();
  });
});
