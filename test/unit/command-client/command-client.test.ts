/** The client against a real HTTP server that misbehaves on demand. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { type Answered, sendCommands } from '../../../dev/command-client.ts';
import { CommandApiRefused, CommandApiUnreachable } from '../../../dev/command-errors.ts';
import type { RecordSaleJson } from '../../../dev/command-json.ts';
import { retryAfterMs } from '../../../dev/ndjson-exchange.ts';

type Handler = (request: IncomingMessage, response: ServerResponse, attempt: number) => unknown;

describe('The command client', () => {
  let server: Server;
  let url: string;
  let handler: Handler;
  let attempts: number;
  let received: string[];

  before(async () => {
    server = createServer((request, response) => {
      attempts += 1;
      void handler(request, response, attempts);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  beforeEach(() => {
    attempts = 0;
    received = [];
    handler = (request, response) => answerAll(request, response);
  });
  after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  async function answerAll(request: IncomingMessage, response: ServerResponse, breakAfter = Infinity): Promise<void> {
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    response.flushHeaders();
    let lines = 0;
    for await (const text of linesOf(request)) {
      const { saleId } = JSON.parse(text);
      received.push(saleId);
      lines += 1;
      if (lines > breakAfter) return void request.socket.destroy();
      response.write(`${JSON.stringify(accepted(saleId, received.indexOf(saleId) < received.length - 1))}\n`);
    }
    response.end();
  }

  it('gives the outcomes in the order of the commands', async () => {
    const answers = await collect(sendCommands(url, sales(5000)));
    expect(idsOf(answers)).to.deep.equal(idsOfSales(5000));
    expect(attempts).to.equal(1);
    expect(answers.some(({ resent }) => resent)).to.equal(false);
  });

  it('answers each command as soon as it can, while others are still to come', async () => {
    const given: string[] = [];
    async function* slowly() {
      for (const one of sales(3)) {
        yield one;
        while (!given.includes(one.saleId)) await sleep(5);
      }
    }
    for await (const { command } of sendCommands(url, slowly())) given.push(command.saleId);
    expect(given).to.deep.equal(idsOfSales(3));
  });

  it('sends again what has no answer when the connection breaks', async () => {
    handler = (request, response, attempt) => answerAll(request, response, attempt <= 3 ? 100 * attempt : Infinity);
    const retries: string[] = [];
    const answers = await collect(sendCommands(url, sales(2000), { onRetry: (reason) => retries.push(reason) }));
    expect(idsOf(answers)).to.deep.equal(idsOfSales(2000));
    expect(retries).to.have.length(3);
    expect(new Set(received).size).to.equal(2000);
    for (const { outcome, resent } of answers) {
      if (outcome.outcome === 'accepted' && outcome.repeated) expect(resent).to.equal(true);
    }
  });

  it('waits as long as a busy server asks', async () => {
    const times: number[] = [];
    handler = (request, response, attempt) => {
      times.push(Date.now());
      if (attempt > 1) return answerAll(request, response);
      response.writeHead(503, { 'retry-after': '1' }).end();
      request.resume();
    };
    const answers = await collect(sendCommands(url, sales(3)));
    expect(idsOf(answers)).to.deep.equal(idsOfSales(3));
    expect((times[1] ?? 0) - (times[0] ?? 0)).to.be.at.least(990);
  });

  it('asks again for an outcome that is unknown, and keeps the order', async () => {
    handler = async (request, response) => {
      const seen = new Set<string>();
      response.writeHead(200);
      for await (const text of linesOf(request)) {
        const { saleId } = JSON.parse(text);
        const unknown = saleId === 'sale-2' && !seen.has(saleId) && attempts === 1;
        seen.add(saleId);
        response.write(
          `${JSON.stringify(unknown ? { commandId: saleId, outcome: 'unknown' } : accepted(saleId, false))}\n`,
        );
      }
      response.end();
    };
    const answers = await collect(sendCommands(url, sales(5)));
    expect(idsOf(answers)).to.deep.equal(idsOfSales(5));
    expect(answers.map(({ outcome }) => outcome.outcome)).to.deep.equal(new Array(5).fill('accepted'));
    expect(answers.map(({ resent }) => resent)).to.deep.equal([false, true, false, false, false]);
  });

  it('sends again what met a stream that was given up as idle', async () => {
    handler = async (request, response, attempt) => {
      if (attempt > 1) return answerAll(request, response);
      response.writeHead(200);
      await once(request, 'data');
      const problem = { type: 'timeout', title: 'Too slow', status: 408, detail: 'no line came' };
      response.end(`${JSON.stringify({ line: 1, error: problem })}\n`, () => request.destroy());
    };
    const answers = await collect(sendCommands(url, sales(5)));
    expect(idsOf(answers)).to.deep.equal(idsOfSales(5));
    expect(answers.map(({ outcome }) => outcome.outcome)).to.deep.equal(new Array(5).fill('accepted'));
  });

  it('gives an invalid command its problem, and goes on', async () => {
    const problem = {
      type: 'invalid',
      title: 'Invalid',
      status: 422,
      detail: 'quantity',
      pointer: '/lines/0/quantity',
    };
    handler = async (request, response) => {
      response.writeHead(200);
      for await (const text of linesOf(request)) {
        const { saleId } = JSON.parse(text);
        response.write(
          `${JSON.stringify(saleId === 'sale-1' ? { line: 1, error: problem } : accepted(saleId, false))}\n`,
        );
      }
      response.end();
    };
    const [first, second] = await collect(sendCommands(url, sales(2)));
    expect(first?.outcome).to.deep.equal({ outcome: 'invalid', problem });
    expect(second?.outcome.outcome).to.equal('accepted');
  });

  it('ends at a refusal of everything, with its reason', async () => {
    handler = (request, response) => {
      request.resume();
      response.writeHead(401, { 'content-type': 'application/problem+json' });
      response.end(JSON.stringify({ title: 'No key', status: 401 }));
    };
    const error = await collect(sendCommands(url, sales(1))).catch((reason) => reason);
    expect(error).to.be.instanceOf(CommandApiRefused);
    expect(error.message).to.contain('No key');
  });

  it('gives up on a server that is not there', async () => {
    const nowhere = 'http://127.0.0.1:1';
    const error = await collect(sendCommands(nowhere, sales(1), { giveUpAfterMs: 300 })).catch((reason) => reason);
    expect(error).to.be.instanceOf(CommandApiUnreachable);
    expect(error.message).to.contain('npm start');
  });

  it('takes no more from its source than may be in flight', async () => {
    let taken = 0;
    function* counted() {
      for (const one of sales(1000)) {
        taken += 1;
        yield one;
      }
    }
    const answers = sendCommands(url, counted(), { maxInFlight: 10 });
    await answers.next();
    await sleep(100);
    expect(taken).to.be.at.most(12);
    await answers.return();
  });

  it('stops taking when told to, and still brings the answers on their way', async () => {
    const controller = new AbortController();
    async function* endless() {
      for (let index = 1; ; index += 1) {
        yield sale(index);
        if (index % 100 === 0) await sleep(5);
        if (index === 300) controller.abort();
      }
    }
    const answers = await collect(sendCommands(url, endless(), { signal: controller.signal }));
    expect(answers).to.have.length(300);
    expect(idsOf(answers)).to.deep.equal(idsOfSales(300));
  });

  it('is done at once when there is nothing to send', async () => {
    expect(await collect(sendCommands(url, []))).to.deep.equal([]);
    expect(attempts).to.equal(0);
  });

  it('fails when its source fails', async () => {
    // biome-ignore lint/correctness/useYield: it fails before it has anything
    async function* broken(): AsyncGenerator<RecordSaleJson> {
      throw new Error('no more disk');
    }
    const error = await collect(sendCommands(url, broken())).catch((reason) => reason);
    expect(error.message).to.equal('no more disk');
  });

  it('reads Retry-After in seconds and as a date', () => {
    expect(retryAfterMs('2', 0)).to.equal(2000);
    expect(retryAfterMs('Thu, 01 Jan 1970 00:00:05 GMT', 2000)).to.equal(3000);
    expect(retryAfterMs(undefined, 0)).to.equal(1000);
    expect(retryAfterMs('soon', 0)).to.equal(1000);
    expect(retryAfterMs('86400', 0)).to.equal(30_000);
  });
});

async function* linesOf(request: IncomingMessage): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of request) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}

const accepted = (saleId: string, repeated: boolean) => ({
  commandId: saleId,
  outcome: 'accepted',
  eventId: `SaleRecorded:${saleId}`,
  position: '0:1',
  repeated,
});

function sale(index: number): RecordSaleJson {
  return {
    type: 'RecordSale',
    saleId: `sale-${index}`,
    occurredAt: '2025-01-01T00:00:00Z',
    currency: 'USD',
    channel: 'online',
    country: 'US',
    lines: [{ productId: 'p', productName: 'Lamp', category: 'Light', quantity: 1, unitPrice: 1_000_000 }],
    payments: [{ method: 'card', amount: 100 }],
  };
}

const sales = (count: number) => Array.from({ length: count }, (_, index) => sale(index + 1));
const idsOfSales = (count: number) => sales(count).map(({ saleId }) => saleId);
const idsOf = (answers: Answered<RecordSaleJson>[]) => answers.map(({ command }) => command.saleId);

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
