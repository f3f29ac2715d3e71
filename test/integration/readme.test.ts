/** Every command of the README runs, here or in the test that is named. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { environment } from '../../dev/environment.ts';
import { projectRoot } from '../../dev/local-stack/folder.ts';
import type { Config } from '../../platform/config.ts';
import { dropNamespace, servers } from '../support/servers.ts';
import { type Services, settingsOf, startServices, until, usual } from '../support/services.ts';

const run = promisify(execFile);

const ranElsewhere: Record<string, string> = {
  'npm start': 'test/integration/start.test.ts',
  'npm test': 'this run',
  'npm run status': 'test/integration/start.test.ts',
  'npm stop': 'test/integration/start.test.ts',
  'bin/sales import test/data/uci-online-retail/online-retail.csv.gz --format uci-online-retail':
    'test/integration/import.test.ts',
};

/** Benchmarks and loads are as good a test of the README when they are short. */
const short = (command: string) =>
  command.startsWith('bin/sales bench') ? `${command} --seconds 1` : command.replace('--seconds 60', '--seconds 1');

const readme = readFileSync(join(projectRoot, 'README.md'), 'utf8');
const commands = [...readme.matchAll(/```sh\n(.*?)```/gs)].flatMap(([, block]) => block?.trim().split('\n') ?? []);

describe('the README', function () {
  this.timeout(120_000);
  let config: Config;
  let services: Services;

  before(async () => {
    config = await servers();
    services = await startServices(config, [...usual, 'operator']);
  });

  after(async () => {
    await services?.stop();
    if (config) await dropNamespace(config);
  });

  async function shell(command: string): Promise<string> {
    const here = command
      .replaceAll('http://127.0.0.1:4000', services.dashboardUrl)
      .replaceAll('http://127.0.0.1:4001', services.commandsUrl);
    if (here.startsWith('curl ')) return curl(here);
    const env = { ...environment, ...settingsOf(config), SALES_COMMANDS_PORT: new URL(services.commandsUrl).port };
    return (await run('bash', ['-c', here], { cwd: projectRoot, env })).stdout;
  }

  /** What curl would do, on machines that have none. */
  async function curl(command: string): Promise<string> {
    const [, url = '', type = '', body = ''] = /^curl -s (\S+) -H 'content-type: (\S+)' -d '(.*)'$/.exec(command) ?? [];
    return (await fetch(url, { method: 'POST', headers: { 'content-type': type }, body })).text();
  }

  it('begins with the two commands', () => {
    expect(commands.slice(0, 2)).to.deep.equal(['npm start', 'npm test']);
  });

  for (const command of commands.filter((one) => !ranElsewhere[one])) {
    it(`runs: ${command.slice(0, 70)}`, async () => {
      const stdout = await shell(short(command));
      expect(stdout).to.not.equal('');
      if (command.includes(':4001/')) expect(JSON.parse(stdout)).to.include({ outcome: 'accepted' });
      if (command.includes(':4000/graphql')) {
        const answer = async () => JSON.parse(await shell(command)).data.revenue.buckets[0];
        await until('the sale of the README is counted', async () => (await answer()).orders === 1);
        expect(await answer()).to.deep.equal({
          start: '2026-01-01T00:00:00-05:00',
          net: { amount: '7.65' },
          orders: 1,
          units: 3,
        });
      }
    });
  }

  it('has every figure filled in', () => {
    expect(readme).to.not.match(/@[A-Z0-9]+@/);
  });

  it('names the settings that there are', () => {
    const read = readFileSync(join(projectRoot, 'platform/config.ts'), 'utf8');
    const settings = new Set(read.match(/\b(SALES_[A-Z_]+|[A-Z_]+_(URL|BROKERS))\b/g));
    settings.delete('SALES_HEALTH_PORT');
    for (const setting of settings) expect(readme).to.include(`\`${setting}\``);
  });
});
