/** Stands between a client and the schema registry, and denies that there are some of its schemas. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HidingRegistry {
  url: string;
  /** Ids of the schemas that it does not know. */
  hidden: Set<number>;
  close(): void;
}

export async function startHidingRegistry(registry: string): Promise<HidingRegistry> {
  const hidden = new Set<number>();
  const server = createServer(async ({ url = '', method }, response) => {
    response.setHeader('content-type', 'application/json');
    const id = /^\/schemas\/ids\/(\d+)/.exec(url)?.[1];
    if (method !== 'GET' || (id && hidden.has(Number(id)))) {
      response.writeHead(404).end(JSON.stringify({ error_code: 40403, message: 'Schema not found' }));
      return;
    }
    const found = await fetch(registry + url);
    response.writeHead(found.status).end(await found.text());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hidden,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
