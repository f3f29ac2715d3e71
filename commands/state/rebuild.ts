/**
 * Folds the log from its start into fresh tables beside the live ones, holds both against each other, and puts the
 * fresh ones in their place, under live traffic. Processors notice by the generation of their checkpoints.
 */
import type { Kafka } from 'kafkajs';
import type pg from 'pg';
import { withAdmin } from '../../platform/kafka/client.ts';
import { LogLostError } from '../../platform/kafka/log-lost.ts';
import { topicRanges } from '../../platform/kafka/offsets.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Names } from '../../platform/names.ts';
import type { Codec } from '../../platform/registry/codec.ts';
import { type Comparison, compareStates } from './compare.ts';
import { copyLog, type Standing } from './copy-log.ts';
import { createIndexes, createTables } from './migrate.ts';
import { exclusively, swapTables } from './swap.ts';

export interface RebuildOptions {
  names: Names;
  partitions: number;
  kafka: Kafka;
  codec: Codec;
  /** Two connections or more. */
  pool: pg.Pool;
  logger: Logger;
  /** Only compares. */
  verifyOnly?: boolean;
  /** Goes on when the log ends before the state does: what the state has beyond is given up. */
  force?: boolean;
  /** Records of the log that were read, of all that there are. */
  onProgress?(done: number, total: number): void;
  /** What begins now, for a person. */
  onStage?(text: string): void;
}

export interface Rebuilt extends Comparison {
  /** Records of the log that were folded. */
  records: number;
  replaced: boolean;
}

/**
 * Rebuilds the write-side state and says how what was there differed from the log. The tables must exist. At any moment
 * it can be killed: what it was filling is thrown away by the next run. Throws `RebuildRunningError`, or a
 * `LogLostError` when the log is cut.
 */
export function rebuildState(options: RebuildOptions): Promise<Rebuilt> {
  const { pool, names, codec, verifyOnly = false, onStage = () => {} } = options;
  const { write: schema } = names.postgres;
  return exclusively(pool, schema, { wait: false }, async (client) => {
    const fresh = await startFresh(options);
    try {
      onStage('Reading the log');
      await fresh.catchUp();
      onStage('Indexing');
      await fresh.index();
      const upTo = await readStanding(pool, schema, options.partitions);
      await fresh.catchUp();
      onStage('Comparing with what is there');
      const comparison = await compareStates(pool, schema, fresh.schema, upTo, codec);
      if (!verifyOnly) {
        await fresh.catchUp();
        await swapTables(client, schema, fresh.schema);
      }
      return { ...comparison, records: fresh.records(), replaced: !verifyOnly };
    } finally {
      await fresh.discard(client);
    }
  });
}

/** Below this many events there is no point in asking what would be faster. */
const FEW_EVENTS = 20_000;
/** A rebuild reads the log so many times as fast as an owner folds it. */
const FASTER = 3;

/**
 * What a processor does before it starts: when its state lacks so much of the log that folding it batch by batch would
 * take longer, it is rebuilt. Several processors that start at once do it once.
 */
export async function prepareState(options: RebuildOptions): Promise<void> {
  const { pool, names, logger } = options;
  const { write: schema } = names.postgres;
  if (!(await isFarBehind(options))) return;
  await exclusively(pool, schema, { wait: true }, async (client) => {
    if (!(await isFarBehind(options))) return;
    logger.warn('the write-side state lacks much of the log: rebuilding it');
    const fresh = await startFresh(options);
    try {
      await fresh.catchUp();
      await fresh.index();
      await swapTables(client, schema, fresh.schema);
    } finally {
      await fresh.discard(client);
    }
  });
}

async function isFarBehind({ pool, names, partitions, kafka }: RebuildOptions): Promise<boolean> {
  const standing = await readStanding(pool, names.postgres.write, partitions);
  const ends = await logEnds(kafka, names.topics.events);
  let behind = 0;
  let total = 0;
  for (const [partition, end] of ends) {
    total += end;
    behind += end - (standing.get(partition)?.nextOffset ?? 0);
  }
  return behind > FEW_EVENTS && behind * FASTER > total;
}

/** Empty tables beside the live ones, and how to fill them. */
async function startFresh(options: RebuildOptions) {
  const { pool, names, partitions, kafka, force = false, onProgress = () => {} } = options;
  const { write: live } = names.postgres;
  const { events: topic } = names.topics;
  const schema = `${live}_rebuild`;
  const old = await readStanding(pool, live, partitions);
  const generation = 1 + Math.max(...[...old.values()].map((checkpoint) => checkpoint.generation));
  await pool.query(`drop schema if exists ${schema} cascade; ${createTables(schema)}`);
  let standing: Standing = new Map(
    [...old.keys()].map((partition) => [partition, { generation, nextOffset: 0, lastCommand: undefined }]),
  );
  let records = 0;
  return {
    schema,
    records: () => records,
    /** Adds what the log has beyond. */
    async catchUp(): Promise<void> {
      const ends = await logEnds(kafka, topic);
      const total = [...ends.values()].reduce((sum, end) => sum + end, 0);
      if (!force) checkReach(topic, await readStanding(pool, live, partitions), ends);
      standing = await copyLog({ ...options, topic, schema }, standing, ends, (count) => {
        records += count;
        onProgress(records, Math.max(records, total));
      });
    },
    /** Drops what was not put in the place of the live ones. If the right to rebuild is lost, the next run does it. */
    async discard(client: pg.ClientBase): Promise<void> {
      await client.query(`drop schema if exists ${schema} cascade`).catch(() => {});
    },
    async index(): Promise<void> {
      await pool.query(`${createIndexes(schema)}; analyze ${schema}.events_v2`);
    },
  };
}

function checkReach(topic: string, standing: Standing, ends: ReadonlyMap<number, number>): void {
  for (const [partition, { nextOffset }] of standing) {
    const end = ends.get(partition) ?? 0;
    if (nextOffset <= end) continue;
    throw new LogLostError(
      `${topic}/${partition} ends at ${end}, and the state reaches up to ${nextOffset}: the log was cut or recreated. ` +
        'Restore it from its mirror.',
    );
  }
}

async function logEnds(kafka: Kafka, topic: string): Promise<ReadonlyMap<number, number>> {
  const ranges = await withAdmin(kafka, (admin) => topicRanges(admin, topic));
  return new Map([...ranges].map(([partition, { high }]) => [partition, high]));
}

/** The checkpoints of all partitions; a partition that has none stands at 0. */
async function readStanding(pool: pg.Pool, schema: string, partitions: number): Promise<Standing> {
  const { rows } = await pool.query(`select * from ${schema}.checkpoints_v2`);
  const found = new Map(rows.map((row) => [row.partition, row]));
  return new Map(
    Array.from({ length: partitions }, (_, partition) => {
      const row = found.get(partition);
      const lastCommand =
        row && row.last_command_offset >= 0 ? { offset: row.last_command_offset, id: row.last_command_id } : undefined;
      return [partition, { generation: row?.generation ?? 0, nextOffset: row?.next_offset ?? 0, lastCommand }];
    }),
  );
}
