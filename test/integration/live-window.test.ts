import { expect } from 'chai';
import type { Redis } from 'ioredis';
import { minuteOf, WINDOW_MS, windowKeys } from '../../platform/live-window/keys.ts';
import {
  LiveWindowReader,
  LiveWindowWriter,
  type RecentSale,
  type WindowDelta,
} from '../../platform/live-window/live-window.ts';
import { namesOf } from '../../platform/names.ts';
import { createRedis, requireNoEviction } from '../../platform/redis.ts';
import { dropNamespace, servers } from '../support/servers.ts';

const now = Date.UTC(2026, 0, 15, 12);
const minute = minuteOf(now);

describe('live window', function () {
  this.timeout(60_000);
  let config: Awaited<ReturnType<typeof servers>>;
  let redis: Redis;
  let writer: LiveWindowWriter;
  let reader: LiveWindowReader;
  let keys: ReturnType<typeof windowKeys>;
  let clock: number;

  beforeEach(async () => {
    config = await servers();
    redis = createRedis(config, 'test');
    const { redisPrefix } = namesOf(config.namespace);
    clock = now;
    writer = new LiveWindowWriter(redis, redisPrefix);
    reader = new LiveWindowReader(redis, redisPrefix, () => clock);
    keys = windowKeys(redisPrefix, 1, 0);
    await writer.replace(1, delta(0, 0), null, now);
  });

  afterEach(async () => {
    redis.disconnect();
    await dropNamespace(config);
  });

  function delta(from: number, to: number, more: Partial<WindowDelta> = {}): WindowDelta {
    return { partition: 0, from, to, minutes: [], recent: [], ...more };
  }
  const cell = (orders: number, net: number | bigint, at = minute, currency = 'GBP') => ({
    minute: at,
    currency,
    orders,
    net,
  });
  const recentSale = (offset: number, recordedAt = now): RecentSale => ({
    id: `s-${offset}`,
    kind: 'SALE',
    occurredAt: now,
    recordedAt,
    currency: 'GBP',
    channel: 'online',
    country: 'GB',
    net: 1,
    total: 1,
    units: 1,
    products: [],
    offset,
  });
  const everything = () => redis.dump(keys.minutes);

  it('adds batches that follow each other, and tells what changed since a fence', async () => {
    expect(await writer.follow(1, delta(0, 3, { minutes: [cell(2, 500), cell(0, -100, minute - 1)] }), now)).to.equal(
      true,
    );
    expect(await writer.follow(1, delta(3, 4, { minutes: [cell(1, 50)], recent: [recentSale(3)] }), now)).to.equal(
      true,
    );
    const all = await reader.read(1, 0);
    expect(all.fence).to.equal(4);
    expect(all.whole).to.equal(true);
    expect(all.minutes).to.deep.equal([cell(0, -100, minute - 1), cell(3, 550)]);
    const changed = await reader.read(1, 0, 3);
    expect(changed).to.deep.include({ fence: 4, whole: false, minutes: [cell(3, 550)], recent: [recentSale(3)] });
    expect(await reader.read(1, 0, 4)).to.deep.include({ fence: 4, whole: false, minutes: [], recent: [] });
  });

  it('takes nothing from a batch that does not begin where it stands', async () => {
    await writer.follow(1, delta(0, 3, { minutes: [cell(1, 100)] }), now);
    for (const [from, to] of [
      [0, 3],
      [2, 4],
      [4, 5],
    ] as const) {
      expect(await writer.follow(1, delta(from, to, { minutes: [cell(1, 100)] }), now)).to.equal(false);
    }
    expect((await reader.read(1, 0)).minutes).to.deep.equal([cell(1, 100)]);
    await redis.del(keys.fence);
    expect(await writer.follow(1, delta(3, 4, { minutes: [cell(1, 100)] }), now)).to.equal(false);
    expect(await reader.read(1, 0)).to.deep.include({ fence: null, minutes: [], recent: [] });
  });

  it('is put in place whole, and only where it was observed', async () => {
    await writer.follow(1, delta(0, 3, { minutes: [cell(1, 100)], recent: [recentSale(1)] }), now);
    expect(await writer.replace(1, delta(0, 9, { minutes: [cell(7, 7)] }), 2, now)).to.equal(false);
    expect(await writer.replace(1, delta(0, 2, { minutes: [cell(5, 55)], recent: [recentSale(0)] }), 3, now)).to.equal(
      true,
    );
    expect(await reader.read(1, 0, 3)).to.deep.include({
      fence: 2,
      whole: true,
      minutes: [cell(5, 55)],
      recent: [recentSale(0)],
    });
  });

  it('writes nothing of a batch with one bad value', async () => {
    await writer.follow(1, delta(0, 1, { minutes: [cell(1, 100)] }), now);
    const before = await everything();
    for (const bad of [
      cell(1, 1.5),
      cell(Number.NaN, 1),
      cell(1, 10n ** 18n),
      cell(1, 1, -1),
      cell(1, 1, minute, ''),
    ]) {
      const outcome = await writer
        .follow(1, delta(1, 2, { minutes: [cell(1, 1), bad] }), now)
        .catch((error) => error.message);
      expect(outcome).to.match(/^LIVEWINDOW /);
      expect(await everything()).to.equal(before);
      expect(await redis.get(keys.fence)).to.equal('1');
    }
    await redis.hset(keys.minutes, `${minute}|GBP|net`, String(2n ** 63n - 1n));
    expect(
      await writer.follow(1, delta(1, 2, { minutes: [cell(1, 1)] }), now).catch((error) => error.message),
    ).to.match(/^LIVEWINDOW the sum kept is out of range/);
  });

  it('adds beyond 2^53 to the last digit, and does not hand out a rounded number', async () => {
    await writer.follow(1, delta(0, 1, { minutes: [cell(1, 9_007_199_254_740_993n)] }), now);
    await writer.follow(1, delta(1, 2, { minutes: [cell(1, 2)] }), now);
    expect(await redis.hget(keys.minutes, `${minute}|GBP|net`)).to.equal('9007199254740995');
    expect(await reader.read(1, 0).catch((error) => error)).to.be.instanceOf(RangeError);
  });

  it('counts late sales in their own minute for 48 hours, then lets go', async () => {
    const oldest = minuteOf(now - WINDOW_MS);
    const minutes = [cell(1, 1, oldest - 1), cell(1, 10, oldest), cell(1, 100)];
    await writer.follow(1, delta(0, 3, { minutes }), now);
    expect((await reader.read(1, 0)).minutes).to.deep.equal(minutes.slice(1));
    clock = now + 60_000;
    expect((await reader.read(1, 0)).minutes).to.deep.equal(minutes.slice(2));
    expect(await redis.hlen(keys.minutes)).to.equal(4);
    await writer.follow(1, delta(3, 4), clock);
    expect(await redis.hlen(keys.minutes)).to.equal(2);
    expect(await redis.zcard(keys.touched)).to.equal(1);
  });

  it('keeps the 50 last sales, for as long', async () => {
    const recent = Array.from({ length: 120 }, (_, offset) => recentSale(offset, now - 120 + offset));
    await writer.follow(1, delta(0, 60, { recent: recent.slice(0, 60) }), now);
    await writer.follow(1, delta(60, 120, { recent: recent.slice(60) }), now);
    expect((await reader.read(1, 0)).recent.map(({ offset }) => offset)).to.deep.equal(
      Array.from({ length: 50 }, (_, index) => 70 + index),
    );
    clock = now + WINDOW_MS - 10;
    expect((await reader.read(1, 0)).recent).to.have.length(10);
  });

  it('runs only on a Redis that never evicts', async () => {
    await requireNoEviction(redis);
    const evicting = { info: async () => 'maxmemory:1\r\nmaxmemory_policy:allkeys-lru\r\n' } as unknown as Redis;
    expect(await requireNoEviction(evicting).catch((error) => error.message)).to.match(/allkeys-lru.*noeviction/);
  });
});
