/** Holds the write-side state in Postgres against the log: each valid event below the checkpoint once, and nothing else. */
import pg from 'pg';
import type { Config } from '../../platform/config.ts';
import { namesOf } from '../../platform/names.ts';
import type { Logged } from './logged.ts';

interface Row {
  partition: number;
  next: number;
  offset: number | null;
  event: Buffer | null;
}

/** The ways in which the state differs from the valid events of a log that it may lag behind. */
export async function stateViolations(config: Config, valid: readonly Logged[]): Promise<string[]> {
  const schema = namesOf(config.namespace).postgres.write;
  const client = new pg.Client({ connectionString: config.postgres });
  await client.connect();
  // One statement, so one snapshot: rows and the checkpoint move together.
  const { rows } = await client.query<Row>(
    `select c.partition, c.next_offset::int as next, e."offset"::int as "offset", e.event
     from ${schema}.checkpoints_v2 c left join ${schema}.events_v2 e using (partition)`,
  );
  await client.end();
  const events = new Map(valid.map((event) => [`${event.partition}:${event.offset}`, event]));
  const stored = new Set<string>();
  const broken: string[] = [];
  for (const { partition, next, offset, event } of rows) {
    if (offset === null) continue;
    const place = `${partition}:${offset}`;
    const value = events.get(place)?.value;
    if (stored.has(place)) broken.push(`the state has ${place} more than once`);
    if (offset >= next) broken.push(`the state has ${place}, beyond its checkpoint ${next}`);
    if (!event || !value?.equals(event)) broken.push(`the state has something else at ${place} than the log`);
    stored.add(place);
  }
  const checkpoints = new Map(rows.map(({ partition, next }) => [partition, next]));
  for (const [place, { partition, offset }] of events) {
    const next = checkpoints.get(partition) ?? 0;
    if (offset < next && !stored.has(place)) broken.push(`the state lacks ${place}, below its checkpoint ${next}`);
  }
  return broken;
}
