/** The door for `npm test`: plain JavaScript that works in a fresh clone. `npm test -- unit/domain` runs a part. */
import { ensurePackages } from '../dev/packages.mjs';

await ensurePackages(console.log);
const { register } = await import('tsx/esm/api');
register();
const { runTests } = await import('./run.ts');
process.exit(await runTests(process.argv.slice(2)));
