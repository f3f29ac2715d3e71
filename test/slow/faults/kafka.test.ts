/** A Kafka of the test's own, behind a proxy: lost answers, late and double arrivals, broken connections, kill -9. */
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { namesOf } from '../../../platform/names.ts';
import { saleJson } from '../../support/command-side.ts';
import { openProxiedLane, type ProxiedLane } from '../../support/proxied-lane.ts';
import { until } from '../../support/services.ts';

describe('a Kafka that', function () {
  this.timeout(300_000);
  let proxied: ProxiedLane;

  before(async () => {
    proxied = await openProxiedLane(21);
  });

  after(async () => {
    await proxied?.close();
  });

  it('loses the answer to an append: nothing is appended twice', async () => {
    const { madeVoid } = await proxied.underLoad(async () => {
      for (let times = 0; times < 3; times += 1) await proxied.meetAppend('lose answer');
    });
    expect(madeVoid).to.equal(0);
  });

  it('loses the answer to an append with repeats in it: those are answered, too', async () => {
    const lines = ['lost-1', 'lost-1', 'lost-1', 'lost-2'].map((saleId) => JSON.stringify(saleJson(saleId)));
    const losing = proxied.meetAppend('lose answer');
    const response = await fetch(`${proxied.lane.commandsUrl}/commands`, { method: 'POST', body: lines.join('\n') });
    const answers = (await response.text()).trim().split('\n');
    await losing;
    const repeated = answers.map((text) => JSON.parse(text)).map(({ outcome, repeated }) => outcome && repeated);
    expect(repeated).to.deep.equal([false, true, true, false]);
  });

  it('swallows the answer to an append until the processor gives up', async () => {
    const { madeVoid } = await proxied.underLoad(async () => {
      await proxied.meetAppend('swallow answer');
      await proxied.logGoesOn();
    });
    expect(madeVoid).to.equal(0);
  });

  it('gets an append late, after a newer one: it is void', async () => {
    const { madeVoid } = await proxied.underLoad(async () => {
      const late = await proxied.meetAppend('lose request');
      await proxied.logGoesOn();
      await late.deliver();
    });
    expect(madeVoid).to.be.greaterThan(0);
  });

  it('gets an append late, just before the one that was to replace it: that one is void', async () => {
    const { madeVoid } = await proxied.underLoad(async () => {
      const late = await proxied.meetAppend('lose request');
      const newer = await proxied.meetAppend('hold');
      await late.deliver();
      newer.release();
    });
    expect(madeVoid).to.be.greaterThan(0);
  });

  it('gets an append twice, at once or later: the second one is void', async () => {
    const { madeVoid } = await proxied.underLoad(async () => {
      const doubled = await proxied.meetAppend('pass');
      await doubled.deliver();
      const again = await proxied.meetAppend('pass');
      await proxied.logGoesOn();
      await again.deliver();
    });
    expect(madeVoid).to.be.greaterThan(1);
  });

  it('loses the answer to what clients send: they send it again, and it happens once', async () => {
    const { topics } = namesOf(proxied.lane.config.namespace);
    const { madeVoid } = await proxied.underLoad(async () => {
      for (let times = 0; times < 3; times += 1) await proxied.proxy.meet(topics.commands, 'lose answer');
    });
    expect(madeVoid).to.equal(0);
  });

  it('breaks all connections, again and again', async () => {
    await proxied.underLoad(async () => {
      for (let times = 0; times < 6; times += 1) {
        proxied.proxy.cut();
        await delay(500);
      }
    });
  });

  it('is killed and starts again: clients are told so, and each command has its one outcome', async function () {
    const { lane, kafka, processor } = proxied;
    const finishSending = lane.keepSending();
    const finishKeeping = lane.keepRunning(processor);
    const told = new Map<number, number>();
    const asking = new AbortController();
    const asked = askAgainAndAgain(lane.commandsUrl, told, asking.signal);
    const recorded = async () => {
      const before = told.get(201) ?? 0;
      await until('a sale is recorded', () => (told.get(201) ?? 0) > before, 40_000);
    };
    await recorded();
    for (let times = 0; times < 2; times += 1) {
      await kafka.kill();
      await delay(2000);
      await kafka.start();
      await recorded();
    }
    asking.abort();
    await Promise.all([asked, finishSending()]);
    const restarts = finishKeeping();
    expect([201, 202, 503]).to.include.members([...told.keys()]);
    expect(told.size, 'the outage was noticed').to.be.greaterThan(1);
    const { valid } = await lane.check();
    const said = [...told].map(([status, count]) => `${count} x ${status}`).join(', ');
    if (this.test) this.test.title += `: ${said}; ${restarts} processors restarted, ${valid} events check out`;
  });
});

/** Sends one sale after the other, and counts how each was answered, by status. */
async function askAgainAndAgain(commandsUrl: string, told: Map<number, number>, signal: AbortSignal): Promise<void> {
  for (let count = 1; !signal.aborted; count += 1) {
    const { type: _, ...sale } = saleJson(`single-${count}`);
    const headers = { 'content-type': 'application/json' };
    const { status } = await fetch(`${commandsUrl}/sales`, { method: 'POST', headers, body: JSON.stringify(sale) });
    told.set(status, (told.get(status) ?? 0) + 1);
    await delay(50);
  }
}
