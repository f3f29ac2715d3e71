/** Thousands of requests made from the OpenAPI document, by schemathesis and by our own generator, break nothing. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import fc from 'fast-check';
import { environment } from '../../dev/environment.ts';
import { projectRoot } from '../../dev/local-stack/folder.ts';
import type { Config } from '../../platform/config.ts';
import { hostileRequests } from '../support/hostile-requests.ts';
import { createAnswerCheck } from '../support/openapi.ts';
import { pythonPrograms } from '../support/python.ts';
import { send } from '../support/raw-http.ts';
import { dropNamespace, servers } from '../support/servers.ts';
import { type Services, startServices } from '../support/services.ts';

const schemathesis = join(projectRoot, 'test/support/schemathesis');
const EXAMPLES_PER_OPERATION = 100;
const OWN_REQUESTS = 5000;

describe('fuzzing the command API', function () {
  this.timeout(1_800_000);
  let config: Config;
  let services: Services;
  let folder: string;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sales-fuzz-'));
    config = await servers({ partitions: 4 });
    services = await startServices(config, ['command-api', 'command-processor']);
  });

  after(async () => {
    await services?.stop();
    if (config) await dropNamespace(config);
    rmSync(folder, { recursive: true, force: true });
  });

  it('finds nothing with schemathesis', async () => {
    const program = join(pythonPrograms('schemathesis', join(schemathesis, 'requirements.txt')), 'schemathesis');
    const options = [
      '--max-examples',
      String(EXAMPLES_PER_OPERATION),
      '--request-timeout',
      '30',
      '--no-color',
      '--output-sanitize',
      'false',
    ];
    const child = spawn(
      program,
      [
        '--config-file',
        join(schemathesis, 'schemathesis.toml'),
        'run',
        `${services.commandsUrl}/openapi.json`,
        ...options,
      ],
      {
        cwd: folder,
        env: {
          ...environment,
          SCHEMATHESIS_HOOKS: 'hooks',
          PYTHONPATH: schemathesis,
          HYPOTHESIS_STORAGE_DIRECTORY: folder,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    expect(code, `${output}\n${errors}`).to.equal(0);
    expect(output).to.match(/Tested: 7/);
  });

  it('finds nothing with hostile requests', async () => {
    const document = await (await fetch(`${services.commandsUrl}/openapi.json`)).json();
    const check = createAnswerCheck(document);
    await fc.assert(
      fc.asyncProperty(hostileRequests, async ({ request, template }) => {
        const received = await send(services.commandsUrl, request);
        expect(received.status, received.body).to.be.lessThan(500);
        check(request.method, template, received);
      }),
      { numRuns: OWN_REQUESTS },
    );
  });
});
