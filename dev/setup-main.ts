/** Sets up an installation whose servers run already, and ends: topics, schemas, tables. For containers and for hand. */
import { readConfig } from '../platform/config.ts';
import { environment } from './environment.ts';
import { setUp } from './setup.ts';

try {
  const config = readConfig(environment);
  await setUp(config);
  console.log(`Topics, schemas and tables of ${config.namespace} are ready`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
