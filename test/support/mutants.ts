/** Copies of the code in which some text is another: versions that are deployed at once, and mutants. */
import { spawn } from 'node:child_process';
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environment } from '../../dev/environment.ts';
import { projectRoot } from '../../dev/local-stack/folder.ts';

/** One change of a file's text: `search` must be there exactly once. */
export interface Patch {
  /** Path below the project's root. */
  file: string;
  search: string;
  replacement: string;
}

/**
 * Copies folders of the project into a temporary one, with packages shared, and applies the patches.
 * Throws when the text that a patch looks for is not there exactly once: then the patch is stale.
 */
export function patchedCopy(patches: readonly Patch[], folders: readonly string[]): { root: string; remove(): void } {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'sales-analytics-patched-')));
  const remove = () => rmSync(root, { recursive: true, force: true });
  try {
    for (const name of new Set(['package.json', ...folders])) {
      const filter = (path: string) => !path.startsWith(join(projectRoot, 'test/data'));
      cpSync(join(projectRoot, name), join(root, name), { recursive: true, preserveTimestamps: true, filter });
    }
    symlinkSync(join(projectRoot, 'node_modules'), join(root, 'node_modules'));
    for (const patch of patches) apply(root, patch);
    return { root, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

function apply(root: string, { file, search, replacement }: Patch): void {
  const path = join(root, file);
  const parts = readFileSync(path, 'utf8').split(search);
  if (parts.length !== 2) {
    throw new Error(`The patch of ${file} is stale: its text is there ${parts.length - 1} times.\n${search}`);
  }
  writeFileSync(path, parts.join(replacement));
}

/** The code without one of its guards. */
export interface Mutant {
  /** What was taken away. */
  guard: string;
  patch: Patch;
  /** Paths below test/ without `.test.ts`: the smallest part of the suite that has to turn red. */
  tests: string[];
  /** What the failure says, so that it is red for the right reason. */
  says: RegExp;
}

/** Throws when the tests of a mutant stay green, or turn red for another reason than they should. */
export async function expectKilled({ guard, patch, tests, says }: Mutant, env?: Record<string, string>): Promise<void> {
  const { passed, output } = await testPatched([patch], tests, env);
  if (passed) throw new Error(`A test is missing: ${tests.join(', ')} stay green without the guard "${guard}".`);
  const failure = output.slice(output.search(/ failing$/m));
  if (!says.test(failure))
    throw new Error(`Not red for its reason, ${says}, without the guard "${guard}":\n${failure}`);
}

/** What no test in a copy needs. */
const LEFT_OUT = ['node_modules', '.git', '.local', 'dashboard', 'docs'];
const TIMEOUT_MS = 120_000;

/**
 * Runs tests in a copy of the code with these patches, up to the first failure. `env`: addresses of the servers, when
 * the tests need some. Throws when the tests cannot be run, or take too long.
 */
export async function testPatched(
  patches: readonly Patch[],
  tests: readonly string[],
  env: Record<string, string> = {},
): Promise<{ passed: boolean; output: string }> {
  const folders = readdirSync(projectRoot).filter((name) => !LEFT_OUT.includes(name));
  const { root, remove } = patchedCopy(patches, folders);
  try {
    const { code, output } = await runMocha(root, tests, env);
    const ran = / (passing|failing) /.test(output);
    if (code === null || !ran) throw new Error(`The tests ${tests.join(', ')} did not run to their end:\n${output}`);
    return { passed: code === 0, output };
  } finally {
    remove();
  }
}

function runMocha(cwd: string, tests: readonly string[], env: Record<string, string>) {
  const loaders = ['--import', 'tsx/esm', '--import', './test/support/first-failure.ts'];
  const files = tests.map((path) => `test/${path}.test.ts`);
  const args = [...loaders, 'node_modules/mocha/bin/mocha.js', '--bail', '--exit', '--timeout', '60000', ...files];
  const child = spawn(process.execPath, args, { cwd, env: { ...environment, ...env }, timeout: TIMEOUT_MS });
  let output = '';
  child.stdout.on('data', (data) => {
    output += data;
  });
  child.stderr.on('data', (data) => {
    output += data;
  });
  return new Promise<{ code: number | null; output: string }>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}
