/** HTTP requests as a test wants them, byte by byte: `fetch` would put some of them right. */
import { type IncomingMessage, request as open } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Received } from './openapi.ts';

export interface RawRequest {
  method: string;
  /** As it stands in the request line. */
  path: string;
  headers?: Record<string, string | string[]>;
  body?: string | Buffer;
}

export async function send(baseUrl: string, { method, path, headers, body }: RawRequest): Promise<Received> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = open(baseUrl, { method, path, headers, agent: false }, resolve);
    // Who refuses a large body has answered before the rest of it can be written.
    request.on('error', reject);
    request.end(body);
  });
  const received = new Headers();
  for (const [name, values = []] of Object.entries(response.headersDistinct)) {
    for (const value of values) received.append(name, value);
  }
  return { status: response.statusCode ?? 0, headers: received, body: await text(response) };
}
