/** Clients that take their time: what they hold is given back. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect } from 'chai';
import type { Config } from '../../platform/config.ts';
import { dropNamespace, servers } from '../support/servers.ts';
import { type Services, startServices } from '../support/services.ts';

describe('slow clients', function () {
  this.timeout(120_000);
  let config: Config;
  let services: Services;

  before(async () => {
    config = await servers({ partitions: 2 });
    services = await startServices(config, ['command-api']);
  });

  after(async () => {
    await services?.stop();
    if (config) await dropNamespace(config);
  });

  it('are not waited for without end, neither for headers nor for a body', async () => {
    const { hostname, port } = new URL(services.commandsUrl);
    const send = async (text: string) => {
      const socket = connect({ host: hostname, port: Number(port) });
      let answer = '';
      socket.on('data', (data) => {
        answer += data;
      });
      socket.on('error', () => {});
      socket.write(text);
      await once(socket, 'close');
      return answer;
    };
    const head = `POST /sales HTTP/1.1\r\nhost: ${hostname}\r\ncontent-type: application/json\r\n`;
    const [headers, body, long] = await Promise.all([
      send(`${head}x-slow: `),
      send(`${head}content-length: 1000\r\n\r\n{`),
      send(`GET /${'x'.repeat(20_000)} HTTP/1.1\r\nhost: ${hostname}\r\n\r\n`),
    ]);
    expect(headers).to.match(/^HTTP\/1.1 408 /);
    expect(body)
      .to.match(/^HTTP\/1.1 408 /)
      .and.to.include('the body did not come within 30 s');
    expect(long).to.match(/^HTTP\/1.1 431 /);
  });
});
