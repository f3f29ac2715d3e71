import type { Config } from '../platform/config.ts';
import { namesOf } from '../platform/names.ts';
import { createPool, inTransaction } from '../platform/postgres/index.ts';
import { createAcceptedLossesTable } from './accepted-losses.ts';
import { projections } from './catalogue.ts';
import { createRequireMoved } from './commit-sql.ts';
import { createDiscardedTable } from './discarded.ts';
import { createFirstGeneration, createGenerationTables, listGenerations } from './generations.ts';
import { createHaltsTable } from './halts.ts';
import { liveWindow } from './live.ts';
import { createOperationsTable } from './operations.ts';
import { createParkedTable } from './parked.ts';
import { createVerificationsTable } from './verify/record.ts';

/**
 * Creates the read models' schema, and on a new installation the first generation of every projection. Changes nothing
 * that exists, so it may run at every start, also twice at once: a projection that is new or whose version has changed is
 * rebuilt.
 */
export async function migrate(config: Pick<Config, 'postgres' | 'namespace' | 'partitions'>): Promise<void> {
  const pool = createPool(config, { applicationName: 'sales-migrate', max: 1 });
  const schema = namesOf(config.namespace).postgres.read;
  try {
    await inTransaction(pool, async (client) => {
      await client.query('select pg_advisory_xact_lock(hashtext($1))', [`${schema} read models`]);
      await createGenerationTables(client, schema);
      await client.query(createRequireMoved(schema));
      await createHaltsTable(client, schema);
      await createAcceptedLossesTable(client, schema);
      await createParkedTable(client, schema);
      await createDiscardedTable(client, schema);
      await createOperationsTable(client, schema);
      await createVerificationsTable(client, schema);
      if ((await listGenerations(client, schema)).length > 0) return;
      for (const projection of [...projections, liveWindow])
        await createFirstGeneration(client, schema, projection, config.partitions);
    });
  } finally {
    await pool.end();
  }
}
