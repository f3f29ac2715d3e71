/** The door for `npm start`, `npm stop` and `npm run status`: plain JavaScript that works before any package is installed. */
import { ensurePackages } from './packages.mjs';

const oldestNode = [20, 11];

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < oldestNode[0] || (major === oldestNode[0] && minor < oldestNode[1])) {
  console.error(
    `Node ${process.versions.node} is too old. Install Node ${oldestNode.join('.')} or newer (https://nodejs.org).`,
  );
  process.exit(1);
}
await ensurePackages(process.argv.includes('--json') ? console.error : console.log);
const { register } = await import('tsx/esm/api');
register();
const { main } = await import('./start.ts');
process.exit(await main(process.argv.slice(2)));
