/** Every command of docs/commands.md gives the answer that stands below it. */
import { readFileSync } from 'node:fs';
import { STATUS_CODES } from 'node:http';
import { join } from 'node:path';
import { expect } from 'chai';
import { projectRoot } from '../../dev/local-stack/folder.ts';
import type { Config } from '../../platform/config.ts';
import { curl } from '../support/curl.ts';
import type { Received } from '../support/openapi.ts';
import { dropNamespace, servers } from '../support/servers.ts';
import { type Services, startServices, until } from '../support/services.ts';

const guide = readFileSync(join(projectRoot, 'docs/commands.md'), 'utf8');
const examples = [...guide.matchAll(/```sh\n(.*?)\n```\n+```http\n(.*?)\n```/gs)].map(
  ([, command = '', answer = '']) => ({
    command,
    answer,
  }),
);

describe('the guide to sending commands', function () {
  this.timeout(120_000);
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

  it('has an answer to each of its commands', () => {
    expect(examples).to.have.length([...guide.matchAll(/```sh\n/g)].length);
    expect(examples).to.have.length.greaterThan(10);
  });

  for (const { command, answer } of examples) {
    it(`shows what is answered to ${command.split('\n')[0]?.slice(0, 130)}`, async () => {
      const run = () => curl(command, (url) => url.replace('http://127.0.0.1:4001', services.commandsUrl));
      let received = await run();
      // Outcomes can be asked for a moment after they are there.
      if (answer.startsWith('HTTP/1.1 200') && received.status === 404) {
        await until('the outcome can be asked for', async () => (await run()).status === 200);
        received = await run();
      }
      const [head = '', ...body] = answer.split('\n\n');
      const [, ...headers] = head.split('\n');
      expect(transcript(received, headers)).to.equal(withoutPositions([head, ...body].join('\n\n')));
    });
  }
});

/** The answer as the guide writes it, with the headers that it names. */
function transcript({ status, headers, body }: Received, named: string[]): string {
  const shown = named.map((line) => line.split(':')[0] ?? '').map((name) => `${name}: ${headers.get(name)}`);
  const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...shown].join('\n');
  return withoutPositions(`${head}\n\n${body.trim()}`);
}

/** The log of the guide's author had other offsets. */
function withoutPositions(text: string): string {
  return text.replace(/"\d+:\d+"/g, '"…"').replace(/CommandRejected:\d+:\d+/g, 'CommandRejected:…');
}
