/** Stands between a client and the schema registry: denies that there are some of its schemas, or fails for a while. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface FaultyRegistry {
  url: string;
  /** Ids of the schemas that it does not know. */
  hidden: Set<number>;
  /** How often it was asked for one of those. */
  denied: number;
  /** So many of the next requests that change something are answered with 500. */
  failures: number;
  close(): void;
}

export async function startFaultyRegistry(registry: string): Promise<FaultyRegistry> {
  const faults = { hidden: new Set<number>(), denied: 0, failures: 0 };
  const server = createServer(async (request, response) => {
    response.setHeader('content-type', 'application/json');
    const id = /^\/schemas\/ids\/(\d+)/.exec(request.url ?? '')?.[1];
    if (id && faults.hidden.has(Number(id))) {
      faults.denied += 1;
      response.writeHead(404).end(JSON.stringify({ error_code: 40403, message: 'Schema not found' }));
    } else if (request.method !== 'GET' && faults.failures > 0) {
      faults.failures -= 1;
      response.writeHead(500).end(JSON.stringify({ error_code: 500, message: 'Failed on purpose' }));
    } else {
      const found = await forward(registry, request);
      response.writeHead(found.status).end(await found.text());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(faults, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  });
}

async function forward(registry: string, request: IncomingMessage): Promise<Response> {
  const { method = 'GET', url = '', headers } = request;
  const contentType = { 'content-type': headers['content-type'] ?? 'application/json' };
  const body = method === 'GET' ? {} : { body: await text(request), headers: contentType };
  return fetch(registry + url, { method, ...body });
}
