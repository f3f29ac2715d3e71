/** The events topic is deleted and made anew under a running processor: nothing more is decided on what it remembers. */
import { expect } from 'chai';
import { createTopics } from '../../dev/topics.ts';
import { createKafka, withAdmin } from '../../platform/kafka/client.ts';
import { namesOf } from '../../platform/names.ts';
import { saleJson, validEvents } from '../support/command-side.ts';
import { dropNamespace, servers } from '../support/servers.ts';
import { type Services, startServices, until } from '../support/services.ts';

const PARTITIONS = 1;

describe('the events topic recreated under the command processor', function () {
  this.timeout(60_000);
  let config: Awaited<ReturnType<typeof servers>>;
  let services: Services;

  before(async () => {
    config = await servers({ partitions: PARTITIONS });
    services = await startServices(config, ['command-api', 'command-processor']);
  });

  after(async () => {
    await services?.stop();
    if (config) await dropNamespace(config);
  });

  async function record(saleId: string): Promise<number> {
    const { type: _, ...sale } = saleJson(saleId);
    const response = await fetch(`${services.commandsUrl}/sales`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(sale),
    });
    return response.status;
  }

  const hasEnded = () =>
    services.metricsOf('command-processor').then(
      () => false,
      () => true,
    );

  it('ends the processor with the first command, and takes nothing into the new log', async () => {
    const { topics } = namesOf(config.namespace);
    for (let count = 0; count < 20; count += 1) expect(await record(`old-${count}`)).to.equal(201);
    const kafka = createKafka(config, 'test');
    await withAdmin(kafka, (admin) => admin.deleteTopics({ topics: [topics.events] }));
    await until('the topic is gone', async () => {
      const existing = await withAdmin(kafka, (admin) => admin.listTopics());
      return !existing.includes(topics.events);
    });
    await createTopics(config, topics);
    // Its outcome is unknown: the client waits in vain.
    const unknown = record('new').catch(() => {});
    await until('the processor has ended', hasEnded, 30_000);
    expect(await validEvents(config, topics.events)).to.deep.equal([]);
    await services.stop();
    await unknown;
  });
});
