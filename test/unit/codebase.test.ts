/** Lint, format, types and the architecture's import rules, as tests: a wrong import fails with the rule's name. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'chai';
import { projectRoot } from '../../dev/local-stack/folder.ts';

const TIMEOUT_MS = 180_000;

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

describe('the code', () => {
  for (const [what, program, args] of checks) {
    it(what, () => {
      const path = join(projectRoot, 'node_modules', program);
      const { status, stdout, stderr } = spawnSync(process.execPath, [path, ...args], {
        cwd: projectRoot,
        encoding: 'utf8',
      });
      expect(status, `${stdout}\n${stderr}`).to.equal(0);
    }).timeout(TIMEOUT_MS);
  }
});
