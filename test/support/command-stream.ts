import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';

/**
 * Streams text to `POST /commands` as it comes and is taken; gives the response as soon as that begins. Destroying the
 * response ends both.
 */
export async function streamCommands(
  commandsUrl: string,
  text: AsyncIterable<string>,
  headers: Record<string, string> = {},
): Promise<IncomingMessage> {
  const request = httpRequest(`${commandsUrl}/commands`, {
    method: 'POST',
    agent: false,
    headers: { 'content-type': 'application/x-ndjson', ...headers },
  });
  request.flushHeaders();
  Readable.from(text).pipe(request);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  request.on('error', () => {});
  return response.setEncoding('utf8');
}
