/** What the tests of the command side share: a sale as a client sends it, and the log as any reader finds it. */
import { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import type { RecordSaleJson } from '../../dev/command-json.ts';
import type { Config } from '../../platform/config.ts';
import { createKafka, withAdmin } from '../../platform/kafka/client.ts';
import { topicRanges } from '../../platform/kafka/offsets.ts';
import { readRange } from '../../platform/kafka/read.ts';
import { createLogger } from '../../platform/logger.ts';

/** Three mugs for 7.65 GBP, unless told otherwise. */
export function saleJson(saleId: string, fields: Partial<RecordSaleJson> = {}): RecordSaleJson {
  return {
    type: 'RecordSale',
    saleId,
    occurredAt: '2026-01-31T09:30:00Z',
    currency: 'GBP',
    channel: 'online',
    country: 'GB',
    lines: [{ productId: 'P1', productName: 'Mug', category: 'Kitchen', quantity: 3, unitPrice: 2_550_000 }],
    payments: [{ method: 'card', amount: 765 }],
    ...fields,
  };
}

export interface LoggedRecord {
  partition: number;
  offset: number;
  key: string;
  value: Buffer;
  /** As a plain client of the registry decodes it, without any of the product's code; undefined when it can't be. */
  record:
    | { commandId?: string; expectedOffset?: number; commandOffset?: number; code?: string; saleId?: string }
    | undefined;
}

/** All records of a topic, in order of their offsets within each partition. */
export async function readTopic(config: Config, topic: string): Promise<LoggedRecord[]> {
  const kafka = createKafka(config, 'test');
  const registry = new SchemaRegistry({ host: config.registry });
  const ranges = await withAdmin(kafka, (admin) => topicRanges(admin, topic));
  const found: Omit<LoggedRecord, 'record'>[] = [];
  await readRange({
    kafka,
    logger: createLogger('test', 'silent'),
    topic,
    from: new Map(),
    to: new Map([...ranges].map(([partition, { high }]) => [partition, high])),
    onRecords: (partition, records) => {
      for (const { offset, key, value } of records) {
        found.push({ partition, offset, key: key?.toString() ?? '', value: value ?? Buffer.alloc(0) });
      }
    },
  });
  const records: LoggedRecord[] = [];
  // One by one: asked for many records at once, the client makes the schema's type anew for each, half a millisecond.
  for (const one of found) {
    records.push({ ...one, record: await registry.decode(one.value).catch(() => undefined) });
  }
  return records;
}

/** The valid events: those that sit where their writer expected them to land. */
export async function validEvents(config: Config, topic: string): Promise<LoggedRecord[]> {
  return (await readTopic(config, topic)).filter(({ record, offset }) => record?.expectedOffset === offset);
}
