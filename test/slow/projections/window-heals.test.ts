/** The live window of 100,000 events over 48 hours, after all that can happen to Redis. */
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { namesOf } from '../../../platform/names.ts';
import { sale } from '../../support/documents.ts';
import { appendMany } from '../../support/live-traffic.ts';
import { type OwnRedis, startOwnRedis } from '../../support/own-redis.ts';
import { startProjectionProcess } from '../../support/projection-process.ts';
import { type Bench, openBench } from '../../support/projection-worker.ts';
import type { ServiceProcess } from '../../support/service-process.ts';
import { watchWindows } from '../../support/window-watch.ts';

const EVENTS = 100_000;
/** A little less than the 48 hours, so that none leaves the window while the test runs. */
const SPREAD_MS = 47 * 3600_000;
const HEALS_WITHIN_MS = 5000;

describe(`the live window of ${EVENTS} events over 48 hours`, function () {
  this.timeout(180_000);
  let ownRedis: OwnRedis;
  let bench: Bench;
  let worker: ServiceProcess;

  before(async () => {
    ownRedis = await startOwnRedis();
    bench = await openBench({ redis: ownRedis.url });
    const now = Date.now();
    const sales = Array.from({ length: EVENTS }, (_, index) => {
      return sale(`early-${index}`, { occurredAt: now - Math.floor((SPREAD_MS * index) / EVENTS) });
    });
    await appendMany(bench.log, sales);
    worker = await startProjectionProcess(bench.config, 'projection-worker');
    await bench.caughtUp(60_000);
  });

  after(async () => {
    await worker?.stop();
    await bench?.close();
    await ownRedis?.remove();
  });

  /** Sales come in all the while. The function returned ends that. */
  function keepSelling(prefix: string): () => Promise<void> {
    let selling = true;
    const sold = (async () => {
      for (let burst = 0; selling; burst += 1) {
        const occurredAt = Date.now();
        await bench.log.append(
          Array.from({ length: 10 }, (_, index) => sale(`${prefix}-${burst}-${index}`, { occurredAt })),
        );
        await delay(100);
      }
    })();
    return () => {
      selling = false;
      return sold;
    };
  }

  /** Breaks Redis while sales come in and everybody reads; resolves to how often they were told that it is rebuilt. */
  async function heals(prefix: string, damage: () => Promise<void>): Promise<{ rebuilding: number; title: string }> {
    const finishSelling = keepSelling(prefix);
    const watch = await watchWindows(bench);
    await watch.healed(HEALS_WITHIN_MS);
    await damage();
    const ms = await watch.healed(60_000);
    await finishSelling();
    await bench.caughtUp();
    const { answers, rebuilding } = await watch.finish();
    await bench.expectEqualToLog();
    expect(ms).to.be.below(HEALS_WITHIN_MS);
    expect(worker.hasEnded(), worker.output()).to.equal(false);
    return {
      rebuilding,
      title: `: whole after ${(ms / 1000).toFixed(1)} s; ${rebuilding} of ${answers} answers said rebuilding, the others were right`,
    };
  }

  it('is folded anew when its keys are gone', async function () {
    const { rebuilding, title } = await heals('flushed', async () => {
      const keys = await bench.redis.keys(`${namesOf(bench.config.namespace).redisPrefix}live:*`);
      await bench.redis.del(keys);
    });
    expect(rebuilding).to.be.greaterThan(0);
    if (this.test) this.test.title += title;
  });

  it('is folded anew when Redis was killed and has nothing any more', async function () {
    const { rebuilding, title } = await heals('killed', async () => {
      await ownRedis.kill();
      await delay(2000);
      await ownRedis.start();
    });
    expect(rebuilding).to.be.greaterThan(0);
    if (this.test) this.test.title += title;
  });

  it('is folded anew when Redis comes back with an older snapshot, which is right as far as it says it goes', async function () {
    const { title } = await heals('snapshot', async () => {
      const admin = new Redis(ownRedis.url);
      await admin.save();
      admin.disconnect();
      await delay(2000);
      await ownRedis.kill();
      await ownRedis.start();
    });
    if (this.test) this.test.title += title;
  });
});
