import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import { simulate } from '../../../dev/simulator/simulate.ts';

describe('The live stream', () => {
  let server: Server;
  after(() => server.close());

  it('counts what was not decided in time apart from what was refused', async () => {
    const answers = [
      { outcome: 'accepted' },
      { outcome: 'rejected', code: 'no', detail: 'No.' },
      { error: { status: 400, title: 'Bad' } },
      { outcome: 'unknown' },
      { error: { status: 503, title: 'Busy' } },
    ];
    const byCommand = new Map<string, object | undefined>();
    const stop = new AbortController();
    server = createServer(async (request, response) => {
      response.writeHead(200);
      response.flushHeaders();
      for await (const line of createInterface({ input: request })) {
        const { saleId, returnId } = JSON.parse(line);
        const id = saleId ?? returnId;
        if (!byCommand.has(id)) byCommand.set(id, answers[byCommand.size] ?? answers[0]);
        response.write(`${JSON.stringify(byCommand.get(id))}\n`);
        if (byCommand.size === answers.length) stop.abort();
      }
      response.end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const commandsUrl = `http://127.0.0.1:${port}`;
    const run = simulate({ commandsUrl, rate: 100, currency: 'USD', irregular: false, signal: stop.signal });
    await run.done;
    expect(run.counts).to.deep.include({ refused: 2, unknown: 2 });
    expect(run.counts.accepted).to.equal(byCommand.size - 4);
  });
});
