/** Ports of the local servers: the preferred one, or another free one if it is taken; remembered in `.local/ports.json`. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { LocalFolder } from './folder.ts';

/** True when something can listen on this port of the loopback interface. */
export async function isFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return (await tryListen(port, host)) !== undefined;
}

/** Below where Linux and macOS take the ports of outgoing connections from: those come and go at any moment. */
const RANGE = { first: 20_000, count: 12_000 };
const ATTEMPTS = 100;

/** A port that is free now. Somebody else may take it before it is used, which is unlikely. */
export async function anyFreePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const port = RANGE.first + Math.floor(Math.random() * RANGE.count);
    if (await isFree(port)) return port;
  }
  throw new Error('No free port on 127.0.0.1.');
}

/** Where the server listened last time; its preferred ports if it never ran. */
export function rememberedPorts(local: LocalFolder, server: string, preferred: Record<string, number>) {
  return { ...preferred, ...readAll(local)[server] };
}

/** Ports to start on: the remembered ones where they are free, others where not. Remembers them. */
export async function claimPorts(local: LocalFolder, server: string, preferred: Record<string, number>) {
  const ports = rememberedPorts(local, server, preferred);
  for (const [name, port] of Object.entries(ports)) {
    if (!(await isFree(port))) ports[name] = await anyFreePort();
  }
  writeFileSync(portsFile(local), JSON.stringify({ ...readAll(local), [server]: ports }));
  return ports;
}

function readAll(local: LocalFolder): Record<string, Record<string, number>> {
  const file = portsFile(local);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
}

function portsFile(local: LocalFolder): string {
  return join(local.path, 'ports.json');
}

function tryListen(port: number, host: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, host, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : undefined));
    });
  });
}
