import { writeFileSync } from 'node:fs';
import { dropNamespace, servers } from '../test/support/servers.ts';
import { settingsOf } from '../test/support/services.ts';
import { makeLog } from './make-log.ts';

if (process.env.SALES_NAMESPACE) await dropNamespace({ ...(await servers()), namespace: process.env.SALES_NAMESPACE });
const config = await servers();
const made = await makeLog(config, { sales: 980_000 });
writeFileSync(
  '/tmp/replay.env',
  Object.entries(settingsOf(config))
    .map(([k, v]) => `export ${k}='${v}'`)
    .join('\n'),
);
console.log(made);
process.exit(0);
