/** Holds what clients were answered against both logs, and tells from the broker's clock where the time went. */

import type { Config } from '../platform/config.ts';
import { createKafka, withAdmin } from '../platform/kafka/client.ts';
import { topicRanges } from '../platform/kafka/offsets.ts';
import { readRange } from '../platform/kafka/read.ts';
import type { LogRecord } from '../platform/kafka/records.ts';
import { createLogger } from '../platform/logger.ts';
import { namesOf } from '../platform/names.ts';
import { isValid } from '../schemas/address.ts';
import type { Positions } from './positions.ts';
import type { Sent } from './sent.ts';

export interface LogEnds {
  commands: Positions;
  events: Positions;
}

/** The ends of both logs now. */
export async function logEnds(config: Config): Promise<LogEnds> {
  const { topics } = namesOf(config.namespace);
  return withAdmin(createKafka(config, 'bench'), async (admin) => {
    const ends = async (topic: string) =>
      new Map([...(await topicRanges(admin, topic))].map(([partition, { high }]) => [partition, high]));
    return { commands: await ends(topics.commands), events: await ends(topics.events) };
  });
}

/** When the broker appended the command and its event, in ms since 1970 by its own clock. */
export interface Traced extends Sent {
  commandAt: number;
  eventAt: number;
}

/** Throws unless every answer names a valid event of its command in the log after `from`, and no command has two. */
export async function checkLog(config: Config, from: LogEnds, sent: readonly Sent[]): Promise<Traced[]> {
  const to = await logEnds(config);
  const { topics } = namesOf(config.namespace);
  const common = { kafka: createKafka(config, 'bench'), logger: createLogger('bench', 'silent') };
  const commands = new Map<string, number>();
  const events = new Map<string, { place: string; timestamp: number }>();
  await readRange({
    ...common,
    topic: topics.commands,
    from: from.commands,
    to: to.commands,
    onRecords: (_, records) => {
      for (const record of records) commands.set(keyOf(record), record.timestamp);
    },
  });
  await readRange({
    ...common,
    topic: topics.events,
    from: from.events,
    to: to.events,
    onRecords: (partition, records) => {
      for (const record of records.filter(isValid)) {
        const key = keyOf(record);
        if (events.has(key)) throw new Error(`sale ${key} has more than one event`);
        events.set(key, { place: `${partition}:${record.offset}`, timestamp: record.timestamp });
      }
    },
  });
  return sent.map((one) => {
    const { saleId, partition, offset } = one;
    const commandAt = commands.get(saleId);
    const event = events.get(saleId);
    if (commandAt === undefined || event?.place !== `${partition}:${offset}`) {
      throw new Error(`sale ${saleId} was answered with ${partition}:${offset}, the log has it at ${event?.place}`);
    }
    return { ...one, commandAt, eventAt: event.timestamp };
  });
}

function keyOf({ key }: LogRecord): string {
  return key?.toString() ?? '';
}
