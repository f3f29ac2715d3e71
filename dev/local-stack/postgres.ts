/** A Postgres cluster of the clone's own, run by the `postgres` user when we are root (it refuses to run as root). */
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { chownSync, existsSync, lstatSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DevError } from '../dev-error.ts';
import { type LocalFolder, secret } from './folder.ts';
import { probes } from './probes.ts';
import type { LocalServer } from './server.ts';

interface Account {
  uid: number;
  gid: number;
}

export const postgres: LocalServer = {
  name: 'postgres',
  title: 'Postgres',
  ports: { main: 15432 },
  address: ({ local, ports }) => `postgres://sales:${secret(local, 'postgres')}@127.0.0.1:${ports.main}/sales`,
  probe: probes.postgres,
  async prepare({ local, ports }) {
    const account = serverAccount();
    const folder = dataFolder(local, account);
    if (!existsSync(join(folder, 'PG_VERSION'))) await initialise(folder, local, account);
    const settings = {
      port: ports.main,
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      max_connections: 100,
      shared_buffers: '64MB',
      autovacuum_max_workers: 2,
      autovacuum_work_mem: '16MB',
      maintenance_work_mem: '32MB',
      max_wal_size: '2GB',
      checkpoint_timeout: '15min',
      wal_compression: 'on',
      jit: 'off',
      timezone: 'UTC',
      log_timezone: 'UTC',
    };
    return {
      command: join(postgresBin(), 'postgres'),
      args: ['-D', folder, ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`])],
      cwd: folder,
      ...account,
      // "Fast shutdown": open connections are ended instead of waited for.
      stopSignal: 'SIGINT',
    };
  },
  removeOutsideData(local) {
    rmSync(outsideFolder(local), { recursive: true, force: true });
  },
};

/** Where the server's programs are; undefined when Postgres is not installed. Debian keeps them out of PATH, one folder a version. */
export function findPostgresBin(): string | undefined {
  const versions = '/usr/lib/postgresql';
  const installed = existsSync(versions) ? readdirSync(versions).sort((a, b) => Number(b) - Number(a)) : [];
  const found = installed
    .map((version) => join(versions, version, 'bin'))
    .find((bin) => existsSync(join(bin, 'initdb')));
  if (found) return found;
  const onPath = spawnSync('pg_config', ['--bindir'], { encoding: 'utf8' }).stdout?.trim();
  return onPath && existsSync(join(onPath, 'initdb')) ? onPath : undefined;
}

function postgresBin(): string {
  const bin = findPostgresBin();
  if (!bin) throw new DevError('Postgres is not installed.', 'Install it and start again.');
  return bin;
}

/** Its superuser is `sales` with a random password, also on loopback: other users of this machine can reach that. */
async function initialise(folder: string, local: LocalFolder, account: Account | undefined): Promise<void> {
  const passwordFile = `${folder}.password`;
  try {
    writeFileSync(passwordFile, secret(local, 'postgres'), { mode: 0o600, flag: 'wx' });
    if (account) chownSync(passwordFile, account.uid, account.gid);
    const args = [
      '-D',
      folder,
      '-U',
      'sales',
      '-A',
      'scram-sha-256',
      '--pwfile',
      passwordFile,
      '-E',
      'UTF8',
      '--no-locale',
    ];
    await promisify(execFile)(join(postgresBin(), 'initdb'), [...args, '--no-instructions'], { ...account, cwd: '/' });
    const single = ['--single', '-D', folder, 'postgres'];
    execFileSync(join(postgresBin(), 'postgres'), single, {
      ...account,
      cwd: '/',
      input: 'create database sales\n',
      stdio: ['pipe', 'ignore', 'ignore'],
    });
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

/** Who runs the server: the `postgres` user when we are root, otherwise ourselves (undefined). */
function serverAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (option: string) => Number(execFileSync('id', [option, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

/** Below `.local/` where the server's user can go there, otherwise (a clone under /root) in /var/tmp. */
function dataFolder(local: LocalFolder, account: Account | undefined): string {
  const inside = join(local.path, 'postgres');
  const reachable = !account || spawnSync('test', ['-x', local.path], { ...account, cwd: '/' }).status === 0;
  const parent = reachable ? inside : outsideFolder(local);
  mkdirSync(parent, { recursive: true, mode: 0o700 });
  const { uid } = lstatSync(parent);
  if (account && uid !== 0 && uid !== account.uid) {
    throw new DevError(`${parent} belongs to another user.`, 'Remove it and start again.');
  }
  if (account) chownSync(parent, account.uid, account.gid);
  return join(parent, 'data');
}

function outsideFolder(local: LocalFolder): string {
  return join('/var/tmp', `sales-analytics-${local.id}`);
}
