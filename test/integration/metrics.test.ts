/** What Prometheus reads on the health port of each process of the command side. */
import { expect } from 'chai';
import type { Config } from '../../platform/config.ts';
import { createAppender } from '../../platform/kafka/append.ts';
import { createKafka } from '../../platform/kafka/client.ts';
import { namesOf } from '../../platform/names.ts';
import { readTopic, saleJson } from '../support/command-side.ts';
import { metricIn } from '../support/prometheus.ts';
import { dropNamespace, servers } from '../support/servers.ts';
import { type ServiceName, type Services, startServices, until } from '../support/services.ts';

describe('metrics', function () {
  this.timeout(120_000);
  let config: Config;
  let services: Services;

  before(async () => {
    config = await servers({ partitions: 2, ratePerKey: 20 });
    services = await startServices(config, ['command-api', 'command-processor', 'projection-worker']);
  });

  after(async () => {
    await services?.stop();
    if (config) await dropNamespace(config);
  });

  /** The sum over all labels that contain `labels`. */
  async function value(service: ServiceName, name: string, labels = ''): Promise<number> {
    return metricIn(await services.metricsOf(service), name, labels) ?? 0;
  }

  const send = (body: string, path = '/commands') =>
    fetch(services.commandsUrl + path, {
      method: 'POST',
      headers: { 'content-type': path === '/commands' ? 'application/x-ndjson' : 'application/json' },
      body,
    });

  async function record(...ids: string[]): Promise<void> {
    const response = await send(ids.map((id) => JSON.stringify(saleJson(id))).join('\n'));
    expect((await response.text()).match(/"outcome":/g)).to.have.length(ids.length);
  }

  it('count what was decided, by outcome and code, and what was repeated', async () => {
    await record('one', 'two', 'three', 'one');
    await send(JSON.stringify({ ...saleJson('one'), country: 'FR' }));
    await send(JSON.stringify({ type: 'VoidSale', saleId: 'none', occurredAt: '2026-01-31T09:30:00Z' }));
    const decided = (labels: string) => value('command-processor', 'sales_commands_decided_total', labels);
    await until('all are decided', async () => (await decided('')) === 6);
    expect(await decided('outcome="accepted",code=""')).to.equal(4);
    expect(await decided('code="CONFLICT"')).to.equal(1);
    expect(await decided('code="SALE_NOT_FOUND"')).to.equal(1);
    expect(await value('command-processor', 'sales_commands_repeated_total')).to.equal(1);
    expect(await value('command-processor', 'sales_events_valid_total')).to.equal(5);
    expect(await value('command-processor', 'sales_events_append_seconds_count')).to.be.at.least(1);
    expect(await value('command-processor', 'sales_state_seconds_count', 'operation="load"')).to.be.at.least(1);
    await until('flushed', async () => (await value('command-processor', 'sales_state_seconds_count', '"flush"')) > 0);
  });

  it('count void records, batches that landed elsewhere, and records that were parked', async () => {
    const { topics } = namesOf(config.namespace);
    const appender = await createAppender(createKafka(config, 'test'));
    const [event] = await readTopic(config, topics.events);
    // A stray copy, of which the owner learns only when its next batch lands one further than expected, or by reading.
    for (let partition = 0; partition < 2; partition += 1) {
      await appender.append(topics.events, partition, [{ key: event?.key ?? '', value: event?.value ?? null }]);
      await appender.append(topics.commands, partition, [{ key: 'x', value: 'no command' }]);
    }
    await appender.close();
    await record('four', 'five', 'six', 'seven');
    const parked = () => value('command-processor', 'sales_commands_parked_total');
    await until('parked', async () => (await parked()) === 2);
    const voids = () => value('command-processor', 'sales_events_void_total');
    await until('passed over', async () => (await voids()) >= 2);
    const landedElsewhere = await value('command-processor', 'sales_events_landed_elsewhere_total');
    expect(await voids()).to.be.at.least(2 + landedElsewhere);
    // A batch that lands elsewhere is decided again, but parks nothing again.
    expect(await parked()).to.equal(2);
  });

  it('count requests by route and status, measure outcomes, and say how many commands wait', async () => {
    const { type: _, ...sale } = saleJson('single');
    expect((await send(JSON.stringify(sale), '/sales')).status).to.equal(201);
    expect((await send('{}', '/sales')).status).to.equal(422);
    const requests = (labels: string) => value('command-api', 'sales_api_requests_total', labels);
    await until('both are counted', async () => (await requests('route="POST /sales"')) === 2);
    expect(await requests('route="POST /sales",status="422"')).to.equal(1);
    expect(await value('command-api', 'sales_api_outcome_seconds_count')).to.be.at.least(11);
    expect(await value('command-api', 'sales_api_commands_in_flight')).to.equal(0);
    await until('nothing waits', async () => (await value('command-api', 'sales_commands_undecided')) === 0);
  });

  it('count those who are too fast, and those without an outcome in time', async () => {
    const answers = await Promise.all(Array.from({ length: 300 }, () => send('{}', '/sales')));
    const limited = answers.filter(({ status }) => status === 429).length;
    expect(limited).to.be.greaterThan(0);
    expect(await value('command-api', 'sales_api_rate_limited_total')).to.equal(limited);
    await services.kill('command-processor');
    await until('the rate has room again', async () => (await send('{}', '/sales')).status === 422);
    await record('unknown');
    expect(await value('command-api', 'sales_api_unknown_total')).to.equal(1);
    expect(await value('command-api', 'sales_commands_undecided')).to.equal(1);
  });

  it('are served beside /health by the projection worker too, and not on the port that clients use', async () => {
    expect(await services.metricsOf('projection-worker')).to.include('process_resident_memory_bytes');
    expect((await fetch(`${services.commandsUrl}/metrics`)).status).to.equal(404);
  });
});
