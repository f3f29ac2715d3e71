/** Clients open streams and leave while nobody decides: nothing of them stays, and nothing more of them is sent. */
import { connect, type Socket } from 'node:net';
import { expect } from 'chai';
import type { Config } from '../../platform/config.ts';
import { namesOf } from '../../platform/names.ts';
import { readTopic, saleJson } from '../support/command-side.ts';
import { streamCommands } from '../support/command-stream.ts';
import { metricIn } from '../support/prometheus.ts';
import { dropNamespace, servers } from '../support/servers.ts';
import { type Services, startServices, until } from '../support/services.ts';

const ROUNDS = 12;
const STREAMS_PER_ROUND = 50;
/** What the command API has read when it waits: were there more, it would not see that the client leaves. */
const LINES = 40;

describe('streams whose clients leave during back-pressure', function () {
  this.timeout(120_000);
  let config: Config;
  let services: Services;
  const staying = new AbortController();

  before(async () => {
    config = await servers({ partitions: 4, maxUndecided: 10 });
    services = await startServices(config, ['command-api', 'command-processor']);
  });

  after(async () => {
    staying.abort();
    await services?.stop();
    if (config) await dropNamespace(config);
  });

  async function gauge(name: string): Promise<number> {
    return metricIn(await services.metricsOf('command-api'), name) ?? Number.NaN;
  }

  /** Sends lines for as long as it is read; gives the answers, which come one by one. */
  async function stay(): Promise<string[]> {
    const answers: string[] = [];
    const lines = async function* () {
      for (let line = 0; !staying.signal.aborted; line += 1) yield `${JSON.stringify(saleJson(`stays-${line}`))}\n`;
    };
    const response = await streamCommands(services.commandsUrl, lines());
    response.on('data', (text) => answers.push(text)).on('error', () => {});
    staying.signal.addEventListener('abort', () => response.destroy());
    return answers;
  }

  /** A stream that is far from its end. */
  function open(name: string): Socket {
    const { hostname, port, host } = new URL(services.commandsUrl);
    const lines = Array.from({ length: LINES }, (_, line) => `${JSON.stringify(saleJson(`${name}-${line}`))}\n`);
    const head = [
      'POST /commands HTTP/1.1',
      `host: ${host}`,
      'content-type: application/x-ndjson',
      'content-length: 100000000',
    ];
    const socket = connect(Number(port), hostname);
    socket.on('error', () => {}).resume();
    socket.write(`${head.join('\r\n')}\r\n\r\n${lines.join('')}`);
    return socket;
  }

  it('end, release all that they held, and have nothing sent afterwards', async () => {
    await services.kill('command-processor');
    const answers = await stay();
    await until('the one that stays waits', async () => (await gauge('sales_api_streams_waiting')) === 1);
    for (let round = 0; round < ROUNDS; round += 1) {
      const sockets = Array.from({ length: STREAMS_PER_ROUND }, (_, index) => open(`gone-${round}-${index}`));
      const all = STREAMS_PER_ROUND + 1;
      await until('all wait', async () => (await gauge('sales_api_streams_waiting')) === all);
      for (const [index, socket] of sockets.entries()) index % 2 === 0 ? socket.destroy() : socket.resetAndDestroy();
      await until('those that left do not wait', async () => (await gauge('sales_api_streams_waiting')) === 1);
      expect(await gauge('sales_api_streams')).to.equal(1);
    }

    await services.start('command-processor');
    await until('the one that stayed goes on', () => answers.join('').includes('"accepted"'), 60_000);
    staying.abort();
    await until('it ends', async () => (await gauge('sales_api_streams')) === 0);
    await until('all is decided', async () => (await gauge('sales_api_commands_in_flight')) === 0, 60_000);
    const sent = (await readTopic(config, namesOf(config.namespace).topics.commands)).map(({ key }) => key);
    expect(sent.filter((key) => !key.startsWith('stays-'))).to.deep.equal([]);
    expect(sent).to.not.deep.equal([]);
  });
});
