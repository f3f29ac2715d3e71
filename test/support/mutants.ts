/** Copies of the code in which some text is another: versions that are deployed at once, and mutants. */
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
    for (const name of ['package.json', ...folders]) {
      cpSync(join(projectRoot, name), join(root, name), { recursive: true, preserveTimestamps: true });
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
