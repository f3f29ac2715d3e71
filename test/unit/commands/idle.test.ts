/** Streams of commands that bring nothing. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import express from 'express';
import type { Answer } from '../../../commands/answer.ts';
import { bulk } from '../../../commands/api/bulk.ts';
import { IdleError, untilIdle } from '../../../commands/api/idle.ts';
import { createPressure } from '../../../commands/api/pressure.ts';
import { Slots } from '../../../commands/api/slots.ts';
import { saleJson } from '../../support/command-side.ts';
import { streamCommands } from '../../support/command-stream.ts';

const IDLE_MS = 60;
const load = { commands: 0, bytes: 0, appendingSince: undefined, appendFailedAt: 0 };

const accepted: Answer = {
  commandId: 's',
  outcome: 'accepted',
  eventId: 'SaleRecorded:s',
  position: '0:0',
  repeated: false,
};

/** Brings nothing more. */
const never = () => new Promise<never>(() => {});

async function* each(chunk: string, count: number, gapMs: number) {
  for (let index = 0; index < count; index += 1) {
    await delay(gapMs);
    yield Buffer.from(chunk);
  }
}

async function chunksIn(source: AsyncIterable<Buffer>, idleMs: number, isAwaiting = () => false) {
  const found: string[] = [];
  for await (const chunk of untilIdle(source, { idleMs, isAwaiting })) found.push(chunk.toString());
  return found;
}

describe('a stream of commands that brings nothing', () => {
  let server: Server;
  let url: string;

  before(async () => {
    const pressure = createPressure({ load, undecided: () => 0, maxUndecided: 1, now: Date.now, onRefused() {} });
    const access = { required: false, clientOf: async () => ({ refusal: () => undefined, take: () => 0 }) };
    const gateway = {
      load,
      // Much longer than the limit.
      send: () => delay<Answer>(5 * IDLE_MS, accepted),
      close: async () => {},
    };
    const longTexts = new Slots(1);
    const app = express();
    app.post('/commands', bulk({ gateway, access, pressure, longTexts, now: Date.now, idleMs: IDLE_MS }));
    server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  after(() => {
    server.close();
    server.closeAllConnections();
  });

  it('is told so on a last line, and its connection is closed', async () => {
    const response = await streamCommands(
      url,
      (async function* () {
        yield '\n\n';
        await never();
      })(),
    );
    const closed = once(response.socket, 'close');
    const lines = (await text(response)).trim().split('\n');
    expect(lines).to.have.length(1);
    const { line, error } = JSON.parse(lines[0] ?? '');
    expect([line, error.type, error.status]).to.deep.equal([3, 'timeout', 408]);
    await closed;
  });

  it('is not given up while an outcome is awaited, and has it first', async () => {
    const response = await streamCommands(
      url,
      (async function* () {
        yield `${JSON.stringify(saleJson('s'))}\n`;
        await never();
      })(),
    );
    const [outcome, last, ...more] = (await text(response)).trim().split('\n');
    expect(JSON.parse(outcome ?? '')).to.include({ line: 1, outcome: 'accepted' });
    expect(JSON.parse(last ?? ''))
      .to.deep.include({ line: 2 })
      .and.to.have.property('error')
      .with.property('status', 408);
    expect(more).to.deep.equal([]);
  });

  it('is given up when nobody waits any more', async () => {
    let asked = 0;
    const source = { [Symbol.asyncIterator]: () => ({ next: never }) };
    const error = await chunksIn(source, 5, () => ++asked < 4).catch((thrown) => thrown);
    expect(error).to.be.instanceOf(IdleError);
    expect(asked).to.equal(4);
  });

  it('is kept open by empty lines, not by lines that have no end', async () => {
    const [kept, dripping] = await Promise.all([
      chunksIn(each('\n', 3, 500), 900),
      chunksIn(each('x', 3, 500), 900).catch((thrown) => thrown),
    ]);
    expect(kept).to.have.length(3);
    expect(dripping).to.be.instanceOf(IdleError);
  });
});
