/** `sales keys`: who may send commands, and which. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { DateTime } from 'luxon';
import { type Scope, scopes } from '../commands/keys/scopes.ts';
import { createKeyStore, type KeyRecord, type KeyStore } from '../commands/keys/store.ts';
import { DevError } from '../dev/dev-error.ts';
import { namesOf } from '../platform/names.ts';
import { createPool, isConnectionLost, isMissingTable } from '../platform/postgres/index.ts';
import { PostgresUnreachable, settings } from './services.ts';

interface Common {
  json?: boolean;
}

interface CreateOptions extends Common {
  name: string;
  scope: Scope[];
  expires?: Date;
  rate?: number;
}

export function keysCommand(): Command {
  const keys = new Command('keys').description('API keys of the command API: required in SALES_MODE=production.');
  keys
    .command('create')
    .description('Make a key and print it, once: nobody can read it again.')
    .requiredOption('--name <text>', 'whose it is, for the list', parseName)
    .addOption(
      new Option('--scope <scope...>', 'what it may do; commands:write stands for every other :write')
        .choices(scopes)
        .makeOptionMandatory(),
    )
    .option('--expires <date>', 'until when, ISO 8601 (default: for ever)', parseFuture)
    .option('--rate <n>', 'commands a second (default: as the settings have it)', parseRate)
    .addOption(json())
    .action(create);
  keys.command('list').description('All keys, without their secrets.').addOption(json()).action(list);
  keys
    .command('revoke')
    .description('Refuse a key from now on; the command API knows within a few seconds.')
    .argument('<id>', 'as in the list; it is the middle part of the key')
    .addOption(json())
    .action(revoke);
  return keys;
}

async function create({ name, scope, expires, rate, json }: CreateOptions): Promise<void> {
  const key = { name, scopes: scope, rate: rate ?? null, expiresAt: expires ?? null };
  const { id, text } = await withStore((store) => store.create(key));
  if (json) {
    process.stdout.write(`${JSON.stringify({ id, key: text, ...key })}\n`);
    return;
  }
  process.stdout.write(`${text}\n`);
  process.stderr.write('Keep it now: it is shown this once. Send it as "Authorization: Bearer <key>".\n');
}

async function list({ json }: Common): Promise<void> {
  const keys = (await withStore((store) => store.list())).map((key) => ({ ...key, state: stateOf(key, new Date()) }));
  if (json) process.stdout.write(`${JSON.stringify({ keys })}\n`);
  else if (keys.length === 0) process.stdout.write('There are no keys. Make one with: sales keys create\n');
  else process.stdout.write(table(keys));
}

async function revoke(id: string, { json }: Common): Promise<void> {
  const revokedAt = await withStore((store) => store.revoke(id));
  if (!revokedAt) throw new DevError(`There is no key ${id}.`, 'See which there are: sales keys list');
  process.stdout.write(json ? `${JSON.stringify({ id, revokedAt })}\n` : `Key ${id} is revoked.\n`);
}

/** Throws {@link PostgresUnreachable}, or a {@link DevError} when nothing was set up there. */
async function withStore<T>(use: (store: KeyStore) => Promise<T>): Promise<T> {
  const config = settings();
  const pool = createPool(config, { applicationName: 'sales-keys', max: 1 });
  try {
    return await use(createKeyStore(pool, namesOf(config.namespace).postgres.keys));
  } catch (error) {
    if (isMissingTable(error)) {
      const missing = `There is no table for keys in the namespace ${config.namespace}.`;
      throw new DevError(missing, 'Set it up with: npm start, or node --import tsx dev/setup-main.ts', {
        cause: error,
      });
    }
    if (isConnectionLost(error)) throw new PostgresUnreachable(error);
    throw error;
  } finally {
    await pool.end();
  }
}

type State = 'active' | 'expired' | 'revoked';

function stateOf({ revokedAt, expiresAt }: KeyRecord, now: Date): State {
  if (revokedAt) return 'revoked';
  return expiresAt && expiresAt <= now ? 'expired' : 'active';
}

function table(keys: readonly (KeyRecord & { state: State })[]): string {
  const rows = keys.map(({ id, state, name, scopes, rate, createdAt, lastUsedAt, expiresAt }) => [
    id,
    state,
    shortTime(createdAt),
    shortTime(lastUsedAt),
    shortTime(expiresAt),
    rate === null ? '-' : `${rate}/s`,
    scopes.join(','),
    name,
  ]);
  const all = [['id', 'state', 'created', 'last used', 'expires', 'rate', 'scopes', 'name'], ...rows];
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? [];
  return all
    .map((row) => `${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd())
    .map((line) => `${line}\n`)
    .join('');
}

/** In UTC, to the minute. */
function shortTime(time: Date | null): string {
  return time ? time.toISOString().slice(0, 16).replace('T', ' ') : '-';
}

function json(): Option {
  return new Option('--json', 'one line of JSON on standard output');
}

function parseName(text: string): string {
  if (/^[^\p{C}]{1,200}$/u.test(text)) return text;
  throw new InvalidArgumentError('Give 1 to 200 characters, none of them a control character.');
}

function parseFuture(text: string): Date {
  const time = DateTime.fromISO(text, { zone: 'utc' });
  if (!time.isValid || time <= DateTime.now()) {
    throw new InvalidArgumentError('Give a time to come, such as 2030-06-30 or 2030-06-30T12:00:00Z.');
  }
  return time.toJSDate();
}

function parseRate(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 1_000_000) return value;
  throw new InvalidArgumentError('Give a whole number from 1 to 1000000.');
}
