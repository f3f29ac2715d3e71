/** Folds a stretch of the log straight into the tables of a schema that nobody else writes to. */
import type { Kafka } from 'kafkajs';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { LogLostError } from '../../platform/kafka/log-lost.ts';
import { readRange } from '../../platform/kafka/read.ts';
import type { LogRecord } from '../../platform/kafka/records.ts';
import type { Logger } from '../../platform/logger.ts';
import { inTransaction } from '../../platform/postgres/index.ts';
import { type Codec, DecodeError } from '../../platform/registry/codec.ts';
import { isValid, peekAddress, peekCommandId } from '../../schemas/address.ts';
import { copyHeader, copyTrailer, type EventRow, encodeRows, eventColumns } from './event-rows.ts';
import type { Checkpoint } from './store.ts';

export interface CopyOptions {
  kafka: Kafka;
  logger: Logger;
  codec: Codec;
  pool: pg.Pool;
  /** Topic of events. */
  topic: string;
  schema: string;
}

/** Where each partition stands. */
export type Standing = ReadonlyMap<number, Checkpoint>;

/**
 * Reads the log from where `from` stands up to the offsets `to`, adds its valid events and moves the checkpoints, in
 * one transaction. Resolves to where it stands then. `onRead` is told how many records were read.
 */
export async function copyLog(
  options: CopyOptions,
  from: Standing,
  to: ReadonlyMap<number, number>,
  onRead: (records: number) => void,
): Promise<Standing> {
  const { kafka, logger, codec, pool, topic, schema } = options;
  return inTransaction(pool, async (client) => {
    const standing = new Map(from);
    const copy = startCopy(client, `copy ${schema}.events_v2 (${eventColumns}) from stdin with (format binary)`);
    let written = copy.write(copyHeader);
    try {
      await readRange({
        kafka,
        logger,
        topic,
        from: new Map([...from].map(([partition, { nextOffset }]) => [partition, nextOffset])),
        to,
        async onRecords(partition, records) {
          const checkpoint = standing.get(partition);
          if (!checkpoint) return;
          const folded = foldRecords(partition, checkpoint, records);
          standing.set(partition, folded.checkpoint);
          written = written.then(async () => {
            await markPlaces(folded.rows, codec);
            await copy.write(encodeRows(folded.rows));
            onRead(records.length);
          });
          await written;
        },
      });
      await written;
      await copy.write(copyTrailer);
      await copy.end();
    } catch (error) {
      await copy.abort();
      throw error;
    }
    await writeCheckpoints(client, schema, standing);
    return standing;
  });
}

/** A row, and whether it may be a refusal under its place. */
type Row = EventRow & { isPlace: boolean };

function foldRecords(
  partition: number,
  checkpoint: Checkpoint,
  records: readonly LogRecord[],
): { checkpoint: Checkpoint; rows: Row[] } {
  const rows: Row[] = [];
  let { nextOffset } = checkpoint;
  let last = checkpoint.lastCommand?.offset ?? -1;
  let lastId: Uint8Array | undefined;
  for (const record of records) {
    const { offset, key, value } = record;
    if (offset !== nextOffset) throw new LogLostError(`events went on at ${offset}, expected ${nextOffset}`);
    nextOffset += 1;
    if (!value || !isValid(record)) continue;
    const address = peekAddress(value);
    const commandId = peekCommandId(value);
    if (!address || !commandId) throw new DecodeError(`${partition}:${offset} is valid but does not name its command`);
    if (address.commandOffset <= last) {
      throw new LogLostError(
        `${partition}:${offset} answers command ${address.commandOffset}, but ${last} was answered before it`,
      );
    }
    last = address.commandOffset;
    lastId = commandId;
    const isPlace = commandId.length < 30 && Buffer.from(commandId).toString() === `${partition}:${last}`;
    const isKey = key?.equals(commandId) === true;
    rows.push({ offset, partition, key, commandId: isKey ? null : commandId, event: value, isPlace });
  }
  const lastCommand = lastId ? { offset: last, id: Buffer.from(lastId).toString() } : checkpoint.lastCommand;
  return { checkpoint: { ...checkpoint, nextOffset, lastCommand }, rows };
}

/** A refusal that is kept under its place belongs to no key. */
async function markPlaces(rows: readonly Row[], codec: Codec): Promise<void> {
  const candidates = rows.filter(({ isPlace }) => isPlace);
  if (candidates.length === 0) return;
  await codec.learn(candidates.map(({ event }) => event));
  for (const row of candidates) {
    if (codec.decode(Buffer.from(row.event)).type !== 'CommandRejected') continue;
    row.commandId ??= row.key;
    row.key = null;
  }
}

function startCopy(client: pg.PoolClient, statement: string) {
  const stream = client.query(copyFrom(statement));
  const failed = new Promise<never>((_, reject) => stream.on('error', reject));
  failed.catch(() => {});
  return {
    write: (chunk: Buffer) =>
      Promise.race([failed, new Promise<void>((resolve) => stream.write(chunk, () => resolve()))]),
    end: () => Promise.race([failed, new Promise<void>((resolve) => stream.end(resolve))]),
    /** The connection is free for other statements then. */
    abort: () =>
      new Promise<void>((resolve) => {
        stream.once('close', resolve);
        stream.destroy(new Error('given up'));
      }),
  };
}

async function writeCheckpoints(client: pg.ClientBase, schema: string, standing: Standing): Promise<void> {
  const checkpoints = [...standing.entries()];
  await client.query(
    `insert into ${schema}.checkpoints_v2 (partition, generation, next_offset, last_command_offset, last_command_id)
     select * from unnest($1::smallint[], $2::int[], $3::bigint[], $4::bigint[], $5::text[])
     on conflict (partition) do update set next_offset = excluded.next_offset,
       last_command_offset = excluded.last_command_offset, last_command_id = excluded.last_command_id`,
    [
      checkpoints.map(([partition]) => partition),
      checkpoints.map(([, { generation }]) => generation),
      checkpoints.map(([, { nextOffset }]) => nextOffset),
      checkpoints.map(([, { lastCommand }]) => lastCommand?.offset ?? -1),
      checkpoints.map(([, { lastCommand }]) => lastCommand?.id ?? null),
    ],
  );
}
