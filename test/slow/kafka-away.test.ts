/** Kafka goes away under the command API: what is refused is known not to be in the log, the rest gets its outcome. */
import { expect } from 'chai';
import type { Problem } from '../../commands/api/problem.ts';
import { anyFreePort } from '../../dev/local-stack/ports.ts';
import type { Config } from '../../platform/config.ts';
import { namesOf } from '../../platform/names.ts';
import { readTopic, saleJson, validEvents } from '../support/command-side.ts';
import { type OwnKafka, startOwnKafka } from '../support/own-kafka.ts';
import { dropNamespace, servers } from '../support/servers.ts';
import { type Services, startServices, until } from '../support/services.ts';

describe('the command API without Kafka', function () {
  this.timeout(240_000);
  let config: Config;
  let kafka: OwnKafka;
  let services: Services;

  before(async () => {
    const port = await anyFreePort();
    kafka = await startOwnKafka(port, port);
    config = await servers({ partitions: 2, kafka: [`127.0.0.1:${port}`] });
    services = await startServices(config, ['command-api', 'command-processor']);
  });

  after(async () => {
    await services?.stop();
    if (config) await dropNamespace(config);
    await kafka?.remove();
  });

  async function single(saleId: string) {
    const { type: _, ...sale } = saleJson(saleId);
    const start = performance.now();
    const response = await fetch(`${services.commandsUrl}/sales`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(sale),
    });
    const body = (await response.json()) as Partial<Problem>;
    return { saleId, status: response.status, milliseconds: performance.now() - start, body };
  }

  async function bulk(saleIds: string[]): Promise<string[]> {
    const body = saleIds.map((saleId) => JSON.stringify(saleJson(saleId))).join('\n');
    const headers = { 'content-type': 'application/x-ndjson' };
    const response = await fetch(`${services.commandsUrl}/commands`, { method: 'POST', headers, body });
    return (await response.text()).trim().split('\n');
  }

  it('refuses at once, keeps streams waiting, and goes on when Kafka is back', async () => {
    expect((await single('before')).status).to.equal(201);
    await kafka.kill();
    const caught = Array.from({ length: 20 }, (_, index) => single(`caught-${index}`));
    const refused: Awaited<ReturnType<typeof single>>[] = [];
    await until(
      'single commands are refused',
      async () => {
        const answer = await single(`refused-${refused.length}`);
        if (answer.status === 503) refused.push(answer);
        else caught.push(Promise.resolve(answer));
        return refused.length > 10;
      },
      60_000,
    );
    for (const { milliseconds, body } of refused) {
      expect(milliseconds).to.be.below(2000);
      expect(body).to.include({ type: 'unavailable', retryAfter: 2 });
    }
    const streamed = Array.from({ length: 200 }, (_, index) => `streamed-${index}`);
    const streaming = bulk(streamed);
    await kafka.start();
    await services.kill('command-processor');
    await services.start('command-processor');
    await until('commands are taken again', async () => (await single('after')).status < 300, 60_000);
    const lines = await streaming;
    expect(lines).to.have.length(streamed.length);
    expect(lines.filter((line) => line.includes('"error"'))).to.deep.equal([]);
    const answers = await Promise.all(caught);
    expect(answers.map(({ status }) => status).filter((status) => ![201, 202, 503].includes(status))).to.deep.equal([]);

    const { topics } = namesOf(config.namespace);
    const sent = (await readTopic(config, topics.commands)).map(({ key }) => key);
    for (const { saleId } of [...refused, ...answers.filter(({ status }) => status === 503)]) {
      expect(sent, saleId).to.not.include(saleId);
    }
    const decided = async () => (await validEvents(config, topics.events)).map(({ key }) => key);
    await until('all is decided', async () => (await decided()).length === new Set(sent).size, 30_000);
    expect(await decided()).to.have.members([...new Set(sent)]);
    for (const { saleId } of answers.filter(({ status }) => status === 201)) expect(sent).to.include(saleId);
  });
});
