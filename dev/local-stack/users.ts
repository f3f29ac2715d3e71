/** Which processes use the servers of a clone, so that none of them stops what another still needs. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LocalFolder } from './folder.ts';
import { processRecord, stillRuns } from './process-record.ts';

const ending = '.user';

/** Counts this process in. The function returned counts it out and tells how many others are left. */
export function enterUsers(local: LocalFolder): () => number {
  const mine = join(local.run, `${process.pid}${ending}`);
  writeFileSync(mine, JSON.stringify(processRecord(process.pid)));
  return () => {
    rmSync(mine, { force: true });
    return livingUsers(local);
  };
}

/** Forgets users that died without leaving. */
function livingUsers(local: LocalFolder): number {
  const files = readdirSync(local.run).filter((name) => name.endsWith(ending));
  const living = files.filter((name) => {
    const file = join(local.run, name);
    if (stillRuns(JSON.parse(readFileSync(file, 'utf8')))) return true;
    rmSync(file, { force: true });
    return false;
  });
  return living.length;
}
