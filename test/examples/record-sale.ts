/**
 * Writes a sale and its refund to Kafka as any program may, and waits until the log says what became of them.
 *
 *   npm install kafkajs@2.2.4 @kafkajs/confluent-schema-registry@3.9.0
 *   KAFKA_BROKERS=127.0.0.1:9092 SCHEMA_REGISTRY_URL=http://127.0.0.1:8081 npx tsx record-sale.ts sale-4711
 */
import { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import { Kafka, logLevel, Partitioners } from 'kafkajs';

const namespace = process.env.SALES_NAMESPACE ?? 'sales';
const brokers = (process.env.KAFKA_BROKERS ?? '127.0.0.1:9092').split(',');
const registry = new SchemaRegistry({ host: process.env.SCHEMA_REGISTRY_URL ?? 'http://127.0.0.1:8081' });
const [commands, events] = [`${namespace}.commands`, `${namespace}.events`];

const kafka = new Kafka({ clientId: 'record-sale', brokers, logLevel: logLevel.ERROR });
// This partitioner is murmur2, as in Java: a command in any other partition is refused.
const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner, allowAutoTopicCreation: false });
const admin = kafka.admin();
await Promise.all([producer.connect(), admin.connect()]);

const saleId = process.argv[2] ?? `sale-${Date.now()}`;
const sale = {
  commandId: saleId,
  replyTo: null,
  saleId,
  occurredAt: Date.parse('2026-01-31T09:30:00Z'),
  currency: 'GBP',
  channel: 'online',
  country: 'GB',
  customerId: null,
  // Amounts are minor units; a unit price is in millionths of the currency unit: this is 2.55 GBP.
  lines: [
    {
      lineId: '1',
      productId: 'mug',
      productName: 'Mug',
      category: 'Kitchen',
      quantity: 3,
      unitPrice: 2_550_000,
      discount: 0,
    },
  ],
  shipping: 0,
  tax: 0,
  payments: [{ method: 'card', amount: 765 }],
};
const refund = {
  commandId: `refund:${saleId}:1`,
  replyTo: null,
  saleId,
  refundId: '1',
  occurredAt: Date.parse('2026-02-03T16:00:00Z'),
  whole: false,
  lines: [{ lineId: '1', quantity: 1 }],
  amount: null,
  shipping: 0,
  tax: 0,
  payments: null,
};

await send('RecordSale', sale);
await send('RefundSale', refund);
await Promise.all([producer.disconnect(), admin.disconnect()]);

/** Sends one command under the id of its sale, and prints its outcome. */
async function send(type: 'RecordSale' | 'RefundSale', command: { saleId: string }): Promise<void> {
  const schemaId = await registry.getLatestSchemaId(`${commands}-sales.commands.${type}`);
  const value = await registry.encode(schemaId, command);
  // Where the log ends now: the outcome comes behind it.
  const ends = await admin.fetchTopicOffsets(events);
  const [sent] = await producer.send({ topic: commands, messages: [{ key: command.saleId, value }] });
  if (!sent?.baseOffset) throw new Error('Kafka did not say where the command is');
  const from = ends.find(({ partition }) => partition === sent.partition)?.offset ?? '0';
  console.log(JSON.stringify(await outcomeOf(sent.partition, Number(sent.baseOffset), from)));
}

/** The event that answers the command at `commandOffset`: it lies in the same partition number of the events topic. */
async function outcomeOf(partition: number, commandOffset: number, from: string): Promise<object> {
  const consumer = kafka.consumer({ groupId: `record-sale-${Date.now()}`, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topics: [events] });
  let resolve: (outcome: object) => void;
  const found = new Promise<object>((settle) => {
    resolve = settle;
  });
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ partition: at, message: { offset, value } }) => {
      if (at !== partition || !value) return;
      const event = await registry.decode(value);
      // The validity rule: what does not stand where its writer expected it is void.
      if (event.expectedOffset !== Number(offset) || event.commandOffset !== commandOffset) return;
      const { commandId, code, detail } = event;
      // Only refusals have a code.
      resolve({ commandId, outcome: code ? 'rejected' : 'accepted', position: `${partition}:${offset}`, code, detail });
    },
  });
  consumer.seek({ topic: events, partition, offset: from });
  // An exact repeat of what stands in the log gets no event of its own.
  const unknown = { commandOffset, outcome: 'unknown', hint: 'send it again, or ask GET /commands/{commandId}' };
  const timer = setTimeout(() => resolve(unknown), 30_000);
  const outcome = await found;
  clearTimeout(timer);
  await consumer.disconnect();
  return outcome;
}
