import { expect } from 'chai';
import type { Operator } from '../../../projections/operator/app.ts';
import { documents } from '../../support/live-traffic.ts';
import { openOperator } from '../../support/operator.ts';
import { type Bench, openBench } from '../../support/projection-worker.ts';
import { rebuildThrottled } from '../../support/throttled-rebuild.ts';

/** Longer than the session of a consumer that does not ask for more: it is put out of its group, and comes back. */
const LAGS_FOR_MS = 15_000;

describe('rebuild --throttle', function () {
  this.timeout(120_000);
  let bench: Bench;
  let operator: Operator;

  before(async () => {
    bench = await openBench({ partitions: 3 });
    operator = await openOperator(bench);
  });

  after(async () => {
    await operator?.stop();
    await bench?.close();
  });

  it(`stands still while live figures lag for ${LAGS_FOR_MS / 1000} s, and goes on as if nothing had been`, async () => {
    await bench.log.append(documents('before', 600));
    await bench.startWorker();
    await bench.caughtUp();
    await rebuildThrottled(bench, LAGS_FOR_MS);
    expect(bench.failures).to.deep.equal([]);
  });
});
