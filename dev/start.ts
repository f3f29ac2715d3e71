/** The verbs behind `npm start`, `npm stop` and `npm run status`. */
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { readConfig } from '../platform/config.ts';
import { startDetached, superviseForStarter } from './detached.ts';
import { DevError } from './dev-error.ts';
import { applicationLock, bringDown, removeData } from './down.ts';
import { environment } from './environment.ts';
import { type LocalFolder, openLocalFolder } from './local-stack/folder.ts';
import { lockHolder, tryLock } from './local-stack/lock.ts';
import { type Addresses, addressesOf } from './services.ts';
import { readStackFile } from './stack-file.ts';
import { formatStatus, readStatus, untilReady } from './status.ts';
import { stopRequested } from './stop-request.ts';
import { bringUp } from './up.ts';

type Write = (line: string) => void;

export interface StartFlags {
  detach: boolean;
  json: boolean;
  demo: boolean;
  fresh: boolean;
  /** Set by the starter for the process that it leaves behind. */
  supervise: boolean;
}

/** Runs one verb and returns the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const [verb = 'start', ...rest] = argv;
  const local = openLocalFolder();
  try {
    const flags = parseFlags(rest);
    if (verb === 'start') return await start(local, flags);
    if (verb === 'stop') return await stop(local);
    if (verb === 'status') return await status(local, flags.json);
    throw new DevError(`Unknown verb ${verb}.`, 'Use npm start, npm stop or npm run status.');
  } catch (error) {
    const known = error instanceof DevError || (error instanceof Error && error.name === 'ConfigError');
    console.error(known ? `\n${error.message}` : error);
    return 1;
  }
}

async function start(local: LocalFolder, flags: StartFlags): Promise<number> {
  if (flags.supervise) return superviseForStarter(local, flags);
  // What a program reads goes to standard output, what a person reads goes beside it.
  const write = flags.json ? console.error : console.log;
  if (flags.fresh) {
    const stopped = await bringDown(local);
    if (stopped.length > 0) write(`Stopped ${stopped.join(', ')}`);
    await removeData(local, environment);
    write('Removed the data of this clone');
  }
  if (!flags.detach) return startInForeground(local, flags, write);
  const addresses = await startDetached(local, flags, write);
  announce(addresses ?? (await runningOnes(local, write)), flags, write, 'npm stop stops it');
  return 0;
}

async function startInForeground(local: LocalFolder, flags: StartFlags, write: Write): Promise<number> {
  const release = tryLock(local, applicationLock);
  if (!release) {
    announce(await runningOnes(local, write), flags, write, 'npm stop stops it');
    return 0;
  }
  const stop = stopRequested(write);
  try {
    const up = await bringUp({ local, env: environment, demo: flags.demo, write, signal: stop.signal });
    announce(up.addresses, flags, write, 'Ctrl-C stops it');
    await stop.requested;
    await up.stop();
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    release();
  }
  write('Stopped');
  return 0;
}

/** A second start in the same clone: waits until the first one is ready, and still is, and gives its addresses. */
async function runningOnes(local: LocalFolder, write: Write): Promise<Addresses> {
  write('It is already running in this clone');
  while (lockHolder(local, applicationLock)) {
    const stack = readStackFile(local);
    if (stack?.ready) {
      await untilReady(() => readStatus(local), write);
      return addressesOf(readConfig({ ...environment, ...(readStackFile(local) ?? stack).env }));
    }
    await wait(100);
  }
  throw new DevError('The start that was under way gave up.', 'Start again.');
}

async function stop(local: LocalFolder): Promise<number> {
  const stopped = await bringDown(local);
  console.log(stopped.length > 0 ? `Stopped ${stopped.join(', ')}` : 'Nothing was running');
  return 0;
}

async function status(local: LocalFolder, json: boolean): Promise<number> {
  const parts = await readStatus(local);
  const ready = parts.every((part) => part.ready);
  console.log(json ? JSON.stringify({ ready, parts }) : formatStatus(parts));
  return ready ? 0 : 1;
}

function announce(addresses: Addresses, flags: StartFlags, write: Write, hint: string): void {
  write(`\n  Dashboard    ${addresses.dashboard}`);
  write(`  GraphQL      ${addresses.graphql}`);
  write(`  Commands     ${addresses.commands}`);
  write(`  Registry     ${addresses.registry}`);
  write(`  Kafka        ${addresses.kafka}`);
  write(`  Postgres     ${addresses.postgres}`);
  write(`  Redis        ${addresses.redis}\n`);
  write(hint);
  if (flags.json) console.log(JSON.stringify(addresses));
}

function parseFlags(args: readonly string[]): StartFlags {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        detach: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        'no-demo': { type: 'boolean', default: false },
        fresh: { type: 'boolean', default: false },
        supervise: { type: 'boolean', default: false },
      },
    });
    return { ...values, demo: !values['no-demo'] };
  } catch (error) {
    throw new DevError(
      error instanceof Error ? error.message : String(error),
      'Flags are --detach, --json, --no-demo and --fresh, after two dashes: npm start -- --detach',
    );
  }
}
