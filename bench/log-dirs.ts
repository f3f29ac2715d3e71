/** Bytes that a topic takes on the brokers' disks. kafkajs has no such call, so this speaks the protocol's one. */
import { connect } from 'node:net';
import type { Config } from '../platform/config.ts';

const DESCRIBE_LOG_DIRS = 35;
const VERSION = 1;

/** Sum over partitions, of the copies on the first broker in the settings (all of them on a single broker). */
export async function topicBytes({ kafka }: Pick<Config, 'kafka'>, topic: string): Promise<number> {
  const response = await request(kafka[0] ?? '', encodeRequest());
  return sizesByTopic(response).get(topic) ?? 0;
}

// Request v1: header (api key, version, correlation id, client id), topics (null: all).
function encodeRequest(): Buffer {
  const clientId = Buffer.from('bench');
  const body = Buffer.alloc(4 + 2 + 2 + 4 + 2 + clientId.length + 4);
  let at = body.writeInt32BE(body.length - 4, 0);
  at = body.writeInt16BE(DESCRIBE_LOG_DIRS, at);
  at = body.writeInt16BE(VERSION, at);
  at = body.writeInt32BE(1, at);
  at = body.writeInt16BE(clientId.length, at);
  at += clientId.copy(body, at);
  body.writeInt32BE(-1, at);
  return body;
}

// Response v1: correlation id, throttle, [error, directory, [topic, [partition, size, lag, is future]]].
function sizesByTopic(response: Buffer): Map<string, number> {
  let at = 8;
  const skip = (bytes: number) => {
    at += bytes;
    return at - bytes;
  };
  const int16 = () => response.readInt16BE(skip(2));
  const int32 = () => response.readInt32BE(skip(4));
  const int64 = () => Number(response.readBigInt64BE(skip(8)));
  const string = () => {
    const length = int16();
    const start = skip(length);
    return response.toString('utf8', start, start + length);
  };
  const sizes = new Map<string, number>();
  for (let directories = int32(); directories > 0; directories -= 1) {
    int16();
    string();
    for (let topics = int32(); topics > 0; topics -= 1) {
      const topic = string();
      for (let partitions = int32(); partitions > 0; partitions -= 1) {
        int32();
        sizes.set(topic, (sizes.get(topic) ?? 0) + int64());
        int64();
        skip(1);
      }
    }
  }
  return sizes;
}

function request(broker: string, bytes: Buffer): Promise<Buffer> {
  const [host, port] = broker.split(':');
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), host ?? '127.0.0.1', () => socket.write(bytes));
    let received = Buffer.alloc(0);
    socket.setTimeout(10_000, () => socket.destroy(new Error(`${broker} did not answer`)));
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 4 || received.length < 4 + received.readInt32BE(0)) return;
      socket.destroy();
      resolve(received.subarray(4));
    });
  });
}
