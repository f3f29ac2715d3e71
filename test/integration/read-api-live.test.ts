import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect } from 'chai';
import { createClient } from 'graphql-sse';
import { Redis } from 'ioredis';
import { minuteOf } from '../../platform/live-window/keys.ts';
import { LiveWindowWriter, type RecentSale } from '../../platform/live-window/live-window.ts';
import { namesOf } from '../../platform/names.ts';
import { startTestReadApi, type TestReadApi } from '../support/read-api.ts';
import { until } from '../support/services.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

interface Live {
  kind: 'SNAPSHOT' | 'UPDATE';
  positions: { partition: number; nextOffset: number }[];
  minutes: { minute: string; currency: string; orders: number; net: { amount: string } }[];
  sales: { id: string; position: string; total: { amount: string } }[];
  rebuilding: boolean;
  serverTime: string;
}
interface Message {
  data?: { live: Live } | null;
  errors?: readonly { message: string; extensions?: { code?: string } }[];
}

const subscription = (minIntervalMs: number) => `subscription { live(minIntervalMs: ${minIntervalMs}) {
  kind rebuilding serverTime positions { partition nextOffset }
  minutes { minute currency orders net { amount } } sales { id position total { amount } } } }`;

describe('read API: live subscription', function () {
  this.timeout(60_000);
  let api: TestReadApi;
  let proxy: TcpProxy;
  let redis: Redis;
  let writer: LiveWindowWriter;
  const fences = new Map<number, number>();

  before(async function () {
    this.timeout(180_000);
    const shared = await startTestReadApi();
    const address = new URL(shared.config.redis);
    proxy = await startTcpProxy({ host: address.hostname, port: Number(address.port) });
    redis = new Redis(shared.config.redis);
    await shared.stop();
    address.hostname = '127.0.0.1';
    address.port = String(proxy.port);
    api = await startTestReadApi({ redis: address.href });
    writer = new LiveWindowWriter(redis, namesOf(api.config.namespace).redisPrefix);
  });

  after(async () => {
    await api?.stop();
    await redis?.quit();
    await proxy?.cut();
  });

  /** What the projection worker does after its commit: the window, then the notification. */
  async function record(partition: number, orders: number, minutes = [minuteOf(Date.now())], notify = true) {
    const from = fences.get(partition) ?? null;
    const to = (from ?? 0) + 1;
    fences.set(partition, to);
    const delta = {
      ...{ partition, from: from ?? 0, to },
      minutes: minutes.map((minute) => ({ minute, currency: 'GBP', orders, net: orders * 1000 })),
      recent: [sale(partition, to - 1)],
    };
    const done =
      from === null ? await writer.replace(1, delta, null, Date.now()) : await writer.follow(1, delta, Date.now());
    expect(done).to.equal(true);
    if (notify) await announce({ [partition]: to });
  }

  async function announce(positions: Record<string, number>) {
    const channel = namesOf(api.config.namespace).notifyChannel;
    await api.pool.query('select pg_notify($1, $2)', [channel, JSON.stringify({ positions })]);
  }

  /** A client of the public protocol; messages are kept as they come. */
  function follow(minIntervalMs: number) {
    const messages: (Live & { at: number })[] = [];
    const errors: string[] = [];
    const client = createClient({ url: `${api.url}/graphql`, retryAttempts: 0 });
    const stop = client.subscribe<Message['data']>(
      { query: subscription(minIntervalMs) },
      {
        next: (message) => {
          if (message.data) messages.push({ ...message.data.live, at: performance.now() });
          for (const error of message.errors ?? []) errors.push(String(error.extensions?.code));
        },
        error: () => {},
        complete: () => {},
      },
    );
    const covers = (partition: number) =>
      until(`partition ${partition} is covered`, () =>
        messages.some((message) =>
          message.positions.some(
            (one) => one.partition === partition && one.nextOffset >= (fences.get(partition) ?? 0),
          ),
        ),
      );
    return { messages, errors, stop, covers };
  }

  it('sends a snapshot first, then what changed, with the positions that it covers', async () => {
    await record(0, 1);
    await record(1, 2);
    const client = follow(10);
    await until('the snapshot is there', () => client.messages.length > 0);
    const [snapshot] = client.messages;
    expect(snapshot?.kind).to.equal('SNAPSHOT');
    expect(snapshot?.positions).to.deep.equal([
      { partition: 0, nextOffset: 1 },
      { partition: 1, nextOffset: 1 },
    ]);
    expect(snapshot?.minutes.reduce((sum, minute) => sum + minute.orders, 0)).to.equal(3);
    expect(snapshot?.sales.map((one) => one.position)).to.have.members(['0:0', '1:0']);
    await record(0, 4);
    await client.covers(0);
    const update = client.messages.at(-1);
    expect(update?.kind).to.equal('UPDATE');
    expect(update?.minutes).to.have.length(1);
    expect(update?.sales.map((one) => one.position)).to.deep.equal(['0:1']);
    client.stop();
    await until('nothing is left of the client', () => api.live.subscriberCount === 0);
  });

  it('pushes an event within moments of its notification', async () => {
    const client = follow(10);
    await until('the snapshot is there', () => client.messages.length > 0);
    const delays: number[] = [];
    for (let round = 0; round < 30; round += 1) {
      const started = performance.now();
      await record(round % api.config.partitions, 1);
      await client.covers(round % api.config.partitions);
      delays.push((client.messages.at(-1)?.at ?? 0) - started);
    }
    client.stop();
    delays.sort((left, right) => left - right);
    // Without NOTIFY the poll would take half a second; the machine may be busy, so the bound is wide.
    expect(delays[15]).to.be.below(100);
  });

  it('merges what happens within the interval asked for, and positions never go back', async () => {
    const [fast, slow] = [follow(10), follow(400)];
    await until('both have a snapshot', () => fast.messages.length > 0 && slow.messages.length > 0);
    const started = performance.now();
    for (let round = 0; round < 60; round += 1) await record(round % 3, 1);
    await Promise.all([0, 1, 2].flatMap((partition) => [fast.covers(partition), slow.covers(partition)]));
    const elapsed = performance.now() - started;
    expect(slow.messages.length).to.be.at.most(2 + elapsed / 390);
    expect(fast.messages.length).to.be.above(slow.messages.length);
    for (const { messages } of [fast, slow]) {
      const last = new Map<number, number>();
      for (const { partition, nextOffset } of messages.flatMap((message) => message.positions)) {
        expect(nextOffset).to.be.at.least(last.get(partition) ?? 0);
        last.set(partition, nextOffset);
      }
    }
    const figures = (messages: Live[]) =>
      new Map(messages.flatMap(({ minutes }) => minutes.map((one) => [one.minute, `${one.orders} ${one.net.amount}`])));
    expect(figures(slow.messages)).to.deep.equal(figures(fast.messages));
    fast.stop();
    slow.stop();
  });

  it('finds by itself what no notification told', async () => {
    const client = follow(10);
    await until('the snapshot is there', () => client.messages.length > 0);
    await record(2, 1, undefined, false);
    await client.covers(2);
    client.stop();
  });

  it('keeps nothing for a client that does not read, and gives it the latest values when it does', async () => {
    const stalled = await openRaw(api, subscription(10));
    stalled.pause();
    const healthy = follow(10);
    await until('both are there', () => api.live.subscriberCount === 2 && healthy.messages.length > 0);
    const now = minuteOf(Date.now());
    const manyMinutes = Array.from({ length: 2500 }, (_, index) => now - index);
    const rounds = 60;
    for (let round = 0; round < rounds; round += 1) {
      await record(3, 1, manyMinutes);
      await healthy.covers(3);
    }
    const chunks: Buffer[] = [];
    stalled.on('data', (chunk) => chunks.push(chunk));
    stalled.resume();
    const last = `{"partition":3,"nextOffset":${fences.get(3)}}`;
    await until('the stalled client has caught up', () => Buffer.concat(chunks).includes(last));
    const received = Buffer.concat(chunks).toString().split('event: next').length - 1;
    expect(received).to.be.below(rounds);
    stalled.destroy();
    healthy.stop();
    await until('nothing is left of the clients', () => api.live.subscriberCount === 0);
  });

  it('frees everything when a stalled client goes away', async () => {
    const stalled = await openRaw(api, subscription(10));
    stalled.pause();
    await until('it is there', () => api.live.subscriberCount === 1);
    for (let round = 0; round < 5; round += 1) await record(4, 1);
    stalled.destroy();
    await until('nothing is left of it', () => api.live.subscriberCount === 0);
  });

  it('says "rebuilding" when Redis has lost its window, and goes on when it is back', async () => {
    const client = follow(10);
    await until('the snapshot is there', () => client.messages.length > 0);
    const keys = await redis.keys(`${api.config.namespace}:live:1:0:*`);
    await redis.del(keys);
    await until('it says so', () => client.messages.at(-1)?.rebuilding === true);
    const shown = client.messages.at(-1)?.positions.find((one) => one.partition === 0)?.nextOffset;
    expect(shown).to.equal(fences.get(0));
    const next = (fences.get(0) ?? 0) + 1;
    const minute = { minute: minuteOf(Date.now()), currency: 'GBP', orders: 1, net: 100 };
    await writer.replace(1, { partition: 0, from: 0, to: next, minutes: [minute], recent: [] }, null, Date.now());
    fences.set(0, next);
    await announce({ 0: next });
    await client.covers(0);
    expect(client.messages.at(-1)?.rebuilding).to.equal(false);
    client.stop();
  });

  it('says clearly that Redis is away, while queries work, and serves again when it is back', async () => {
    const watching = follow(10);
    await until('the snapshot is there', () => watching.messages.length > 0);
    await proxy.cut();
    try {
      await until('the watching client is told', () => watching.errors.length > 0);
      expect(watching.errors).to.deep.equal(['LIVE_UNAVAILABLE']);
      const late = follow(10);
      await until('the new client is told', () => late.errors.length > 0);
      expect(late.errors).to.deep.equal(['LIVE_UNAVAILABLE']);
      expect((await api.query('{ currencies { code } }')).errors).to.equal(undefined);
      expect(api.live.subscriberCount).to.equal(0);
    } finally {
      await proxy.restore();
    }
    await until('a client is served again', async () => {
      const client = follow(10);
      await until('it hears something', () => client.messages.length + client.errors.length > 0);
      client.stop();
      return client.messages.length > 0;
    });
  });

  it('refuses intervals that are too short or too long', async () => {
    for (const interval of [0, 9, 60_001, -1]) {
      const client = follow(interval);
      await until('the error is there', () => client.errors.length > 0);
      expect(client.errors).to.deep.equal(['BAD_USER_INPUT']);
      client.stop();
    }
  });
});

function sale(partition: number, offset: number): RecentSale {
  const now = Date.now();
  return {
    ...{
      id: `S${partition}-${offset}`,
      kind: 'SALE',
      occurredAt: now,
      recordedAt: now,
      currency: 'GBP',
      channel: 'online',
    },
    ...{ country: 'GB', net: 1000, total: 1200, units: 1, products: ['Tea'], offset },
  };
}

/** A subscription over a bare socket, so that a test decides when it is read. */
async function openRaw(api: TestReadApi, query: string): Promise<Socket> {
  const { hostname, port } = new URL(api.url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  const body = JSON.stringify({ query });
  socket.write(
    `POST /graphql HTTP/1.1\r\nHost: ${hostname}\r\nContent-Type: application/json\r\nAccept: text/event-stream\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  return socket;
}
