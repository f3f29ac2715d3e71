/** Nobody decides, and clients keep pushing: memory stays flat, refusals are known, and nothing accepted is lost. */
import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import type { Problem } from '../../commands/api/problem.ts';
import type { Config } from '../../platform/config.ts';
import { createKafka, withAdmin } from '../../platform/kafka/client.ts';
import { topicRanges } from '../../platform/kafka/offsets.ts';
import { namesOf } from '../../platform/names.ts';
import { readTopic, saleJson, validEvents } from '../support/command-side.ts';
import { streamCommands } from '../support/command-stream.ts';
import { dropNamespace, servers } from '../support/servers.ts';
import { type Services, startServices, until } from '../support/services.ts';

const STREAMS = 30;
const SINGLE_CLIENTS = 20;
const MAX_UNDECIDED = 2000;
/** What the command API takes on at the same time besides. */
const IN_FLIGHT = 20_000;
const FLAT_BYTES = 150e6;
const MEMORY = 'process_resident_memory_bytes';

describe('back-pressure', function () {
  this.timeout(180_000);
  let config: Config;
  let services: Services;
  const pushing = new AbortController();
  setMaxListeners(STREAMS, pushing.signal);

  before(async () => {
    config = await servers({ partitions: 4, maxUndecided: MAX_UNDECIDED });
    services = await startServices(config, ['command-api', 'command-processor']);
  });

  after(async () => {
    pushing.abort();
    await services?.stop();
    if (config) await dropNamespace(config);
  });

  async function single(saleId: string) {
    const { type: _, ...sale } = saleJson(saleId);
    const response = await fetch(`${services.commandsUrl}/sales`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(sale),
    });
    const retryAfter = Number(response.headers.get('retry-after'));
    return { status: response.status, retryAfter, body: (await response.json()) as Partial<Problem> };
  }

  /** Sends lines as fast as they are taken until `pushing` ends; gives the answers, which come one by one. */
  async function push(name: string): Promise<string[]> {
    const answers: string[] = [];
    const lines = async function* () {
      for (let line = 0; !pushing.signal.aborted; line += 1) yield `${JSON.stringify(saleJson(`${name}-${line}`))}\n`;
    };
    const response = await streamCommands(services.commandsUrl, lines());
    response.on('data', (text) => answers.push(text));
    response.on('error', () => {});
    pushing.signal.addEventListener('abort', () => response.destroy());
    return answers;
  }

  async function count(topic: string): Promise<number> {
    const ranges = await withAdmin(createKafka(config, 'test'), (admin) => topicRanges(admin, topic));
    return [...ranges.values()].reduce((sum, { high }) => sum + high, 0);
  }

  async function gauge(name: string): Promise<number> {
    return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(await services.metricsOf('command-api'))?.[1]);
  }

  it('refuses before anything is appended, keeps memory flat, and goes on when commands are decided again', async () => {
    expect((await single('before')).status).to.equal(201);
    await services.kill('command-processor');
    const { topics } = namesOf(config.namespace);
    const answers: Awaited<ReturnType<typeof single>>[] = [];
    const clients = Array.from({ length: SINGLE_CLIENTS }, async (_, client) => {
      for (let sent = 0; !pushing.signal.aborted; sent += 1) {
        const answer = await single(`single-${client}-${sent}`);
        answers.push(answer);
        if (answer.status === 503) await delay(100);
      }
    });
    await delay(500);
    const before = await gauge(MEMORY);
    const streams = await Promise.all(Array.from({ length: STREAMS }, (_, index) => push(`stream-${index}`)));
    const streamed = () => streams.flat().join('');
    let most = 0;
    const refused = () => answers.filter(({ status }) => status === 503);
    await until(
      'single commands time out and are refused',
      async () => {
        most = Math.max(most, await gauge(MEMORY));
        return answers.length > refused().length && refused().length > 100;
      },
      60_000,
    );
    const pushed = await count(topics.commands);
    expect(pushed).to.be.within(MAX_UNDECIDED, MAX_UNDECIDED + IN_FLIGHT);
    await delay(3000);
    expect(await count(topics.commands)).to.equal(pushed);
    expect(Math.max(most, await gauge(MEMORY)) - before).to.be.below(FLAT_BYTES);
    expect(new Set(answers.map(({ status }) => status))).to.deep.equal(new Set([202, 503]));
    for (const { retryAfter, body } of refused()) {
      expect(retryAfter).to.be.at.least(1);
      expect(body).to.include({ type: 'unavailable', retryAfter });
      expect(body.detail).to.match(/Nothing was recorded/);
    }

    await services.start('command-processor');
    await until('streams go on', () => streamed().includes('"accepted"'), 60_000);
    pushing.abort();
    await until('commands are taken again', async () => (await single('after')).status < 300, 60_000);
    await Promise.all(clients);
    expect(streamed()).to.not.include('"error"');
    /** Nothing is left of what the streams had sent before they were cut, and nothing more comes. */
    const settled = async () => {
      const before = await count(topics.commands);
      await delay(1000);
      const left = (await gauge('sales_api_commands_in_flight')) + (await gauge('sales_commands_undecided'));
      return left === 0 && before === (await count(topics.commands));
    };
    await until('all is decided', settled, 60_000);
    const sent = (await readTopic(config, topics.commands)).map(({ key }) => key).sort();
    const decided = (await validEvents(config, topics.events)).map(({ key }) => key).sort();
    // In order: comparing twenty thousand as sets takes seconds.
    expect(decided).to.deep.equal(sent);
    const known = answers.filter(({ status }) => status !== 503);
    expect(sent.filter((key) => key.startsWith('single-'))).to.have.length(known.length);
  });
});
