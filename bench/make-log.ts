/** Fills an empty installation's log with sales, decided as the command side decides them but without its services. */
import { parseTyped } from '../commands/api/parse.ts';
import { setUp } from '../dev/setup.ts';
import { decide, keyOf } from '../domain/decide.ts';
import type { Command, Event } from '../domain/messages.generated.ts';
import { evolve, initialState } from '../domain/state.ts';
import type { Config } from '../platform/config.ts';
import { createAppender } from '../platform/kafka/append.ts';
import { createKafka, withAdmin } from '../platform/kafka/client.ts';
import { topicRanges } from '../platform/kafka/offsets.ts';
import { createPartitioner } from '../platform/kafka/partitioner.ts';
import { namesOf } from '../platform/names.ts';
import { createCodec } from '../platform/registry/codec.ts';
import { registeredIds } from '../schemas/registry.ts';
import { createSales } from './sales.ts';

export interface MadeLog {
  sales: number;
  events: number;
}

export interface LogToMake {
  sales: number;
  /** The sales are spread evenly over so many days before now, in order of time. */
  days: number;
  onProgress?(done: number, total: number): void;
}

type RecordSaleCommand = Extract<Command, { type: 'RecordSale' }>;
type Message = { key: string; value: Buffer };

const TEMPLATES = 2000;
const DAY_MS = 24 * 3600 * 1000;
/** One sale in so many is refunded. */
const REFUNDED = 50;
const ROUND = 10_000;
const MESSAGES_PER_BATCH = 1000;

/**
 * Sets the namespace up and appends `sales` sales and their refunds to both topics: each command with its event, every
 * address as an owner would have written it. No processor may run meanwhile. Throws when somebody else appends.
 */
export async function makeLog(config: Config, { sales, days, onProgress = () => {} }: LogToMake): Promise<MadeLog> {
  await setUp(config);
  const { topics } = namesOf(config.namespace);
  const kafka = createKafka(config, 'make-log');
  const codec = createCodec(config.registry, await registeredIds(config.registry, topics));
  const appender = await createAppender(kafka);
  const partitionOf = createPartitioner(config.partitions);
  const commands = await openTopic(topics.commands);
  const events = await openTopic(topics.events);
  const next = endlessSales(sales, days);
  let count = 0;

  async function openTopic(topic: string) {
    const ranges = await withAdmin(kafka, (admin) => topicRanges(admin, topic));
    return Array.from({ length: config.partitions }, (_, partition) => ({
      topic,
      partition,
      start: ranges.get(partition)?.high ?? 0,
      messages: [] as Message[],
    }));
  }

  function add(sale: RecordSaleCommand): void {
    const key = keyOf(sale);
    const partition = partitionOf(key);
    const [commandLog, eventLog] = [commands[partition], events[partition]];
    if (!commandLog || !eventLog) throw new Error(`there is no partition ${partition}`);
    let state = initialState;
    for (const command of count % REFUNDED === 0 ? [sale, refundOf(sale)] : [sale]) {
      const commandOffset = endOf(commandLog);
      const expectedOffset = endOf(eventLog);
      const place = `${partition}:${commandOffset}`;
      const { event } = decide(state, { command, place, receivedAt: Date.now() });
      if (!event) throw new Error(`${place} repeats what is there`);
      const data = { ...event.data, expectedOffset, commandOffset };
      commandLog.messages.push({ key, value: codec.encode(command) });
      eventLog.messages.push({ key, value: codec.encode({ type: event.type, data } as Event) });
      state = evolve(state, event, expectedOffset);
    }
    count += 1;
  }

  async function send(log: Awaited<ReturnType<typeof openTopic>>[number]): Promise<void> {
    const { topic, partition } = log;
    const messages = log.messages;
    log.messages = [];
    const start = log.start;
    log.start += messages.length;
    for (let at = 0; at < messages.length; at += MESSAGES_PER_BATCH) {
      const landed = await appender.append(topic, partition, messages.slice(at, at + MESSAGES_PER_BATCH));
      if (landed !== start + at) throw new Error(`${topic}/${partition}: somebody else appends too`);
    }
  }

  try {
    let sending: Promise<unknown> = Promise.resolve();
    while (count < sales) {
      for (const end = Math.min(sales, count + ROUND); count < end; ) add(next());
      await sending;
      onProgress(count, sales);
      sending = Promise.all([...commands, ...events].map(send));
    }
    await sending;
  } finally {
    await appender.close();
  }
  return { sales, events: events.reduce((total, { start }) => total + start, 0) };
}

function endOf({ start, messages }: { start: number; messages: Message[] }): number {
  return start + messages.length;
}

/** Parsed once and sent again and again under new ids and at other times; `total` of them fill the days. */
function endlessSales(total: number, days: number): () => RecordSaleCommand {
  const sale = createSales();
  const templates = Array.from(
    { length: TEMPLATES },
    () => parseTyped(JSON.stringify(sale()), Date.now()) as RecordSaleCommand,
  );
  const run = Math.random().toString(36).slice(2, 8);
  const start = Date.now() - days * DAY_MS;
  const step = (days * DAY_MS) / total;
  let count = 0;
  return () => {
    const template = templates[count % TEMPLATES];
    if (!template) throw new Error('there are no sales to copy');
    count += 1;
    const saleId = `${run}-${count}`;
    const occurredAt = Math.floor(start + count * step);
    return { type: 'RecordSale', data: { ...template.data, saleId, occurredAt, commandId: saleId } };
  };
}

function refundOf({ data: { saleId, occurredAt } }: RecordSaleCommand): Command {
  const request = { whole: true, lines: null, amount: null, shipping: 0, tax: 0, payments: null };
  const commandId = `refund:${saleId}:1`;
  return { type: 'RefundSale', data: { commandId, replyTo: null, saleId, refundId: '1', occurredAt, ...request } };
}
