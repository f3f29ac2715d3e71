/** Kills every service again and again under load, then holds answers, log and read models against each other. */
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { sendCommands } from '../../dev/command-client.ts';
import type { Config } from '../../platform/config.ts';
import { namesOf } from '../../platform/names.ts';
import { saleJson, validEvents } from '../support/command-side.ts';
import { dropNamespace, servers } from '../support/servers.ts';
import { type ServiceName, type Services, startServices, until } from '../support/services.ts';

const ROUNDS = 3;
const PER_SECOND = 200;

describe('kill -9 of every service under load', function () {
  this.timeout(600_000);
  let config: Config;
  let services: Services;

  before(async () => {
    config = await servers({ partitions: 4 });
    services = await startServices(config);
  });

  after(async () => {
    await services?.stop();
    if (config) await dropNamespace(config);
  });

  it('loses and doubles nothing, and the read models equal the log', async () => {
    let killing = true;
    async function* sales() {
      for (let count = 1; killing; count += 1) {
        yield saleJson(`crash-${count}`);
        if (count % 20 === 0) await delay(20_000 / PER_SECOND);
      }
    }
    const answers = new Map<string, string>();
    const sending = (async () => {
      const options = { maxInFlight: 2000, giveUpAfterMs: Number.POSITIVE_INFINITY };
      for await (const { command, outcome } of sendCommands(services.commandsUrl, sales(), options)) {
        expect(outcome.outcome).to.equal('accepted');
        if (outcome.outcome === 'accepted' && 'saleId' in command) answers.set(command.saleId, outcome.position);
      }
    })();
    const victims: ServiceName[] = ['command-processor', 'projection-worker', 'command-api', 'read-api'];
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const victim of victims) {
        await services.kill(victim, 'SIGKILL');
        await delay(500);
        await services.start(victim);
      }
    }
    killing = false;
    await sending;

    const events = await validEvents(config, namesOf(config.namespace).topics.events);
    expect(events).to.have.length(answers.size);
    expect(new Set(events.map(({ key }) => key)).size).to.equal(answers.size);
    for (const { key, partition, offset } of events) expect(answers.get(key)).to.equal(`${partition}:${offset}`);

    const totals = async () => {
      const query = `{ revenue(from: "2026-01-31", to: "2026-01-31", timeZone: "UTC", granularity: DAY, currency: "GBP") {
        totals { orders units gross { amount } } } }`;
      const response = await fetch(services.graphqlUrl, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query }),
      });
      const { data } = (await response.json()) as { data: { revenue: { totals: { orders: number } } } };
      return data.revenue.totals;
    };
    await until('all sales are counted', async () => (await totals()).orders >= answers.size, 30_000);
    expect(await totals()).to.deep.equal({
      orders: answers.size,
      units: answers.size * 3,
      gross: { amount: (answers.size * 7.65).toFixed(2) },
    });
  });
});
