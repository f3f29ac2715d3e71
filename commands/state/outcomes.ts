/** Looks up what the log says about a command, by its id. */
import type pg from 'pg';
import { outcomeOf } from '../../domain/decide.ts';
import type { Event } from '../../domain/messages.generated.ts';
import type { Codec } from '../../platform/registry/codec.ts';
import type { Answer } from '../answer.ts';

export interface Outcomes {
  /**
   * What the log says about a command id, or about a record of the commands topic that was refused under its place
   * ("partition:offset"). Undefined as long as nothing is known: the write-side state follows the log by some
   * hundred milliseconds. Who gave one id to commands of several sales gets the outcome of one of them.
   * Rejects when Postgres or the registry is away.
   */
  find(commandId: string): Promise<Answer | undefined>;
}

/** `schema` is the command side's own. */
export function createOutcomes(pool: pg.Pool, schema: string, codec: Codec): Outcomes {
  return {
    async find(commandId) {
      const { rows } = await pool.query<{ partition: number; offset: number; event: Buffer }>({
        name: 'find-outcome',
        text: `select partition, "offset", event from ${schema}.events_v2
               where (key = $1 and command_id is null) or command_id = $1
               order by key is null, partition, "offset" limit 1`,
        values: [commandId],
      });
      const found = rows[0];
      if (!found) return undefined;
      await codec.learn([found.event]);
      const { offset, ...outcome } = outcomeOf(codec.decode(found.event) as Event, found.offset);
      return { commandId, ...outcome, position: `${found.partition}:${offset}`, repeated: false };
    },
  };
}
