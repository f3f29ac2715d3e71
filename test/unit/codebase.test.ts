/** Lint, format, types and the architecture's import rules, as tests: a wrong import fails with the rule's name. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'chai';
import { projectRoot } from '../../dev/local-stack/folder.ts';

const TIMEOUT_MS = 180_000;
const MAX_OUTPUT = 16 * 1024 * 1024;

const checks: [what: string, program: string, args: string[]][] = [
  ['is formatted and lint-free', '@biomejs/biome/bin/biome', ['ci', '.']],
  ['has right types', 'typescript/bin/tsc', ['--noEmit']],
  ['has right types in the dashboard', 'vue-tsc/bin/vue-tsc.js', ['--noEmit', '-p', 'dashboard']],
  [
    'imports only what each folder may',
    'dependency-cruiser/bin/dependency-cruise.mjs',
    [
      '--output-type',
      'err-long',
      'bench',
      'cli',
      'commands',
      'dashboard/src',
      'dev',
      'domain',
      'platform',
      'projections',
      'read-api',
      'schemas',
      'test',
    ],
  ],
];

/** Resolves to what the check says when it fails, and to nothing when it does not. */
function failureOf(program: string, args: readonly string[]): Promise<string | undefined> {
  const path = join(projectRoot, 'node_modules', program);
  return new Promise((resolve) => {
    execFile(process.execPath, [path, ...args], { cwd: projectRoot, maxBuffer: MAX_OUTPUT }, (error, stdout, stderr) =>
      resolve(error ? `${stdout}\n${stderr}\n${error.message}` : undefined),
    );
  });
}

describe('the code', function () {
  this.timeout(TIMEOUT_MS);
  const failures: Promise<string | undefined>[] = [];

  before(() => {
    // All at once: each of them uses one core.
    for (const [, program, args] of checks) failures.push(failureOf(program, args));
  });

  for (const [index, [what]] of checks.entries()) {
    it(what, async () => {
      const failure = await failures[index];
      expect(failure, failure).to.equal(undefined);
    });
  }
});
