/**
 * Puts the record batches of `record-batch.ts` into kafkajs, which writes each record through several growing buffers
 * and reads it through 64-bit objects: most of its CPU (docs/adr/0007). All that goes through it, producers and
 * consumers alike, meets in two request definitions, which are wrapped here. What `record-batch.ts` does not know
 * (compression, transactions, other versions of the protocol) goes kafkajs's own way.
 */
import { createRequire } from 'node:module';
import {
  type BatchRecord,
  maxSizeOfRecordBatch,
  type NewRecord,
  readRecordBatches,
  writeRecordBatch,
} from './record-batch.ts';
import { Reader, Writer } from './wire.ts';

/** The version whose inside this knows. */
const KAFKAJS = '2.2.4';
const PRODUCE_VERSIONS = [3, 4, 5, 6, 7];
const FETCH_VERSION = 11;
/** What kafkajs gives as the producer's id when there is none. */
const NO_PRODUCER = -1;

interface Definition {
  protocol(version: { version: number }): (options: never) => Protocol;
}

interface Protocol {
  request: { encode(): Promise<EncoderLike> };
  response: { decode(bytes: Buffer): Promise<unknown>; parse: unknown };
}

interface EncoderLike {
  buf: Buffer;
  offset: number;
}

interface ProduceOptions {
  acks: number;
  timeout: number;
  compression: number;
  transactionalId?: string | null;
  producerId?: number | string;
  topicData: { topic: string; partitions: { partition: number; messages: NewRecord[] }[] }[];
}

const require = createRequire(import.meta.url);
const installed = new WeakSet<Definition>();

/** Wraps kafkajs, once. Throws when it is another version than this was written for. */
export function installFastRecords(): void {
  const { version } = require('kafkajs/package.json');
  if (version !== KAFKAJS) {
    throw new Error(
      `platform/kafka/fast-records.ts knows kafkajs ${KAFKAJS}, not ${version}: check it against the new one`,
    );
  }
  const produce: Definition = require('kafkajs/src/protocol/requests/produce');
  const fetch: Definition = require('kafkajs/src/protocol/requests/fetch');
  if (installed.has(produce)) return;
  installed.add(produce);
  wrap(produce, PRODUCE_VERSIONS, withFastEncode);
  wrap(fetch, [FETCH_VERSION], (_, protocol) => withFastDecode(protocol));
}

function wrap<Options>(
  definition: Definition,
  versions: readonly number[],
  faster: (options: Options, protocol: Protocol) => Protocol,
): void {
  const original = definition.protocol;
  definition.protocol = ({ version }) => {
    const create = original({ version });
    if (!versions.includes(version)) return create;
    return (options) => faster(options, create(options));
  };
}

/**
 *   Produce => TransactionalId:string Acks:int16 Timeout:int32 [Topic:string [Partition:int32 Size:int32 RecordBatch]]
 */
function withFastEncode(options: ProduceOptions, protocol: Protocol): Protocol {
  const { transactionalId, producerId, compression } = options;
  if (transactionalId || compression !== 0 || producerId !== NO_PRODUCER) return protocol;
  return { ...protocol, request: { ...protocol.request, encode: async () => encodeProduce(options) } };
}

function encodeProduce({ acks, timeout, topicData }: ProduceOptions): EncoderLike {
  const Encoder = require('kafkajs/src/protocol/encoder');
  const writer = new Writer(maxSizeOfProduce(topicData));
  const now = Date.now();
  writer.string(null);
  writer.int16(acks);
  writer.int32(timeout);
  writer.int32(topicData.length);
  for (const { topic, partitions } of topicData) {
    writer.string(topic);
    writer.int32(partitions.length);
    for (const { partition, messages } of partitions) {
      writer.int32(Number(partition));
      const size = writer.at;
      writer.int32(0);
      writeRecordBatch(writer, messages, now);
      writer.bytes.writeInt32BE(writer.at - size - 4, size);
    }
  }
  return Object.assign(new Encoder(1), { buf: writer.bytes, offset: writer.at });
}

function maxSizeOfProduce(topicData: ProduceOptions['topicData']): number {
  let size = 12;
  for (const { topic, partitions } of topicData) {
    size += 6 + topic.length * 3;
    for (const { messages } of partitions) size += 8 + maxSizeOfRecordBatch(messages);
  }
  return size;
}

function withFastDecode(protocol: Protocol): Protocol {
  return { ...protocol, response: { ...protocol.response, decode: decodeFetch } };
}

/**
 *   Fetch => ThrottleTime:int32 Error:int16 SessionId:int32 [Topic:string [Partition:int32 Error:int16
 *            HighWatermark:int64 LastStableOffset:int64 LogStartOffset:int64 [ProducerId:int64 FirstOffset:int64]
 *            PreferredReadReplica:int32 Size:int32 RecordBatch*]]
 */
async function decodeFetch(bytes: Buffer): Promise<unknown> {
  const reader = new Reader(bytes);
  const clientSideThrottleTime = reader.int32();
  const errorCode = reader.int16();
  const sessionId = reader.int32();
  const responses = reader.array(() => ({ topicName: reader.string(), partitions: reader.array(decodePartition) }));
  for (const { partitions } of responses) {
    for (const partition of partitions) partition.messages ??= await decodeByKafkajs(partition.recordSet);
  }
  return { throttleTime: 0, clientSideThrottleTime, errorCode, sessionId, responses };
}

function decodePartition(reader: Reader) {
  const head = {
    partition: reader.int32(),
    errorCode: reader.int16(),
    highWatermark: String(reader.int64()),
    lastStableOffset: String(reader.int64()),
    lastStartOffset: String(reader.int64()),
    abortedTransactions: reader.array(() => ({
      producerId: String(reader.int64()),
      firstOffset: String(reader.int64()),
    })),
    preferredReadReplica: reader.int32(),
  };
  const size = Math.max(0, reader.int32());
  const recordSet = reader.bytes.subarray(reader.at - 4, reader.at + size);
  reader.at += size;
  return {
    ...head,
    recordSet,
    messages: readRecordBatches(recordSet.subarray(4))?.map(toMessage) as unknown[] | undefined,
  };
}

function decodeByKafkajs(recordSet: Buffer): Promise<unknown[]> {
  const Decoder = require('kafkajs/src/protocol/decoder');
  const decodeMessages = require('kafkajs/src/protocol/requests/fetch/v4/decodeMessages');
  return decodeMessages(new Decoder(recordSet));
}

const context = { isControlBatch: false, inTransaction: false, producerId: '-1' };

/** As kafkajs hands records on. */
function toMessage({ offset, timestamp, key, value, headers }: BatchRecord) {
  return {
    magicByte: 2,
    attributes: 0,
    timestamp: String(timestamp),
    offset: String(offset),
    key,
    value,
    headers: toHeaders(headers),
    isControlRecord: false,
    batchContext: context,
  };
}

/** A header that is there several times is a list. */
function toHeaders(headers: BatchRecord['headers']) {
  const byKey: Record<string, Buffer | null | (Buffer | null)[]> = Object.create(null);
  for (const [key, value] of headers) {
    const before = byKey[key];
    byKey[key] = before === undefined ? value : Array.isArray(before) ? [...before, value] : [before, value];
  }
  return byKey;
}
