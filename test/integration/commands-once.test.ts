/** One command in a thousand copies, through every entrance at the same time, has one effect and one outcome. */
import { expect } from 'chai';
import { Partitioners } from 'kafkajs';
import { parseTyped } from '../../commands/api/parse.ts';
import type { Outcome } from '../../dev/command-json.ts';
import type { Config } from '../../platform/config.ts';
import { createKafka } from '../../platform/kafka/client.ts';
import { namesOf } from '../../platform/names.ts';
import { createCodec } from '../../platform/registry/codec.ts';
import { registeredIds } from '../../schemas/registry.ts';
import { type Answered, checkLog } from '../support/checker.ts';
import { saleJson } from '../support/command-side.ts';
import { dropNamespace, servers } from '../support/servers.ts';
import { type Services, startServices } from '../support/services.ts';

type Answer = Exclude<Outcome, { outcome: 'invalid' }>;

const COPIES = { single: 400, lines: 300, kafka: 300 };
/** Records of a Kafka client that go out in one request. */
const KAFKA_BATCH = 10;

describe('a thousand concurrent copies of one command, over HTTP and Kafka', function () {
  this.timeout(60_000);
  let config: Config;
  let services: Services;

  before(async () => {
    config = await servers({ partitions: 4 });
    services = await startServices(config, ['command-api', 'command-processor']);
  });

  after(async () => {
    await services?.stop();
    if (config) await dropNamespace(config);
  });

  const refund = {
    type: 'RefundSale',
    saleId: 'copied',
    refundId: 'r-1',
    occurredAt: '2026-02-01T10:00:00Z',
    amount: 300,
  };

  const given: Answered[] = [];
  for (const [what, command, path, events] of [
    ['a sale', saleJson('copied'), '/sales', 1],
    ['a refund of it', refund, '/refunds', 2],
  ] as const) {
    it(`give one event for ${what}`, async () => {
      const { type: _, ...body } = command;
      const [singles, lines] = await Promise.all([
        Promise.all(Array.from({ length: COPIES.single }, () => single(path, body))),
        bulk(Array.from({ length: COPIES.lines }, () => JSON.stringify(command))),
        native(JSON.stringify(command), COPIES.kafka),
      ]);
      const answers = [...singles, ...lines];
      expect(answers.filter(({ outcome }) => outcome !== 'accepted')).to.deep.equal([]);
      expect(new Set(answers.map(({ eventId, position }) => `${eventId} at ${position}`)).size).to.equal(1);
      // One of them was recorded; that may have been one of Kafka's, which get no answer.
      expect(answers.filter(({ repeated }) => !repeated).length).to.be.at.most(1);
      const sent = command as unknown as Answered['command'];
      given.push(...answers.map((outcome) => ({ command: sent, outcome })));
      const { commands, valid } = await checkLog(config, given);
      expect(commands).to.equal(given.length + events * COPIES.kafka);
      expect(valid).to.equal(events);
    });
  }

  async function single(path: string, body: object): Promise<Answer> {
    const response = await fetch(services.commandsUrl + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return (await response.json()) as Answer;
  }

  async function bulk(lines: string[]): Promise<Answer[]> {
    const response = await fetch(`${services.commandsUrl}/commands`, { method: 'POST', body: lines.join('\n') });
    const text = await response.text();
    return text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  }

  /** As a client does that writes to the commands topic by itself. */
  async function native(text: string, copies: number): Promise<void> {
    const { topics } = namesOf(config.namespace);
    const codec = createCodec(config.registry, await registeredIds(config.registry, topics));
    const producer = createKafka(config, 'test').producer({ createPartitioner: Partitioners.DefaultPartitioner });
    await producer.connect();
    const value = codec.encode(parseTyped(text, Date.now()));
    const messages = Array.from({ length: KAFKA_BATCH }, () => ({ key: 'copied', value }));
    const batches = Array.from({ length: copies / KAFKA_BATCH });
    await Promise.all(batches.map(() => producer.send({ topic: topics.commands, messages })));
    await producer.disconnect();
  }
});
