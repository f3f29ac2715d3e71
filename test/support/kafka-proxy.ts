/**
 * Stands between Kafka clients and a broker that advertises the proxy's port, and lets a test decide what becomes of
 * single Produce requests: lost answers, late and double arrivals.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { correlationOfRequest, correlationOfResponse, frameReader, topicsOfProduce } from './kafka-frames.ts';

/** What becomes of a request. */
export type Fate =
  /** It arrives and is answered. */
  | 'pass'
  /** It arrives; the connection breaks instead of an answer. */
  | 'lose answer'
  /** It arrives; the client waits in vain for its answer. */
  | 'swallow answer'
  /** It does not arrive, and the connection breaks. */
  | 'lose request'
  /** It waits for `release`. */
  | 'hold';

export interface MetRequest {
  /** Has the broker get the request, again or at last, over a connection of its own; resolves when it has answered. */
  deliver(): Promise<void>;
  /** Lets a request that is held go its way. */
  release(): void;
}

export interface KafkaProxy {
  port: number;
  /** Decides about the next Produce request to a topic. Resolves when that was met, and its answer, if it is to be lost. */
  meet(topic: string, fate: Fate): Promise<MetRequest>;
  /** Breaks all connections. */
  cut(): void;
  close(): Promise<void>;
}

interface Rule {
  topic: string;
  fate: Fate;
  resolve(met: MetRequest): void;
}

/** Need not find a broker at `brokerPort` before clients come. */
export async function startKafkaProxy(brokerPort: number): Promise<KafkaProxy> {
  const rules: Rule[] = [];
  const clients = new Set<Socket>();

  function takeRule(frame: Buffer): Rule | undefined {
    if (rules.length === 0) return undefined;
    const topics = topicsOfProduce(frame);
    const index = rules.findIndex(({ topic }) => topics?.includes(topic));
    return index < 0 ? undefined : rules.splice(index, 1)[0];
  }

  const server = createServer((client) => {
    const broker = connect(brokerPort, '127.0.0.1');
    const close = () => {
      clients.delete(client);
      client.destroy();
      broker.destroy();
    };
    clients.add(client);
    for (const socket of [client, broker]) socket.setNoDelay(true).on('error', close).on('close', close);
    /** What to do with the answers to some requests, by correlation id. */
    const lost = new Map<number, () => void>();

    client.on(
      'data',
      frameReader((frame) => {
        const rule = takeRule(frame);
        if (!rule) return void broker.write(frame);
        const { fate, resolve } = rule;
        const met = { deliver: () => deliver(frame), release: () => void broker.write(frame) };
        if (fate === 'lose request') close();
        else if (fate !== 'hold') broker.write(frame);
        if (!fate.endsWith('answer')) return resolve(met);
        lost.set(correlationOfRequest(frame), () => {
          if (fate === 'lose answer') close();
          resolve(met);
        });
      }),
    );
    broker.on(
      'data',
      frameReader((frame) => {
        const correlation = correlationOfResponse(frame);
        const lose = lost.get(correlation);
        lost.delete(correlation);
        if (lose) lose();
        else client.write(frame);
      }),
    );
  });

  async function deliver(frame: Buffer): Promise<void> {
    const broker = connect(brokerPort, '127.0.0.1');
    const answered = new Promise<void>((resolve) =>
      broker.on(
        'data',
        frameReader(() => resolve()),
      ),
    );
    broker.write(frame);
    await Promise.race([answered, once(broker, 'close')]);
    broker.destroy();
  }

  const cut = () => {
    for (const client of clients) client.destroy();
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    meet: (topic, fate) => new Promise((resolve) => rules.push({ topic, fate, resolve })),
    cut,
    async close() {
      cut();
      server.close();
    },
  };
}
