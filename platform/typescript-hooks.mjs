import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { stop, transform } from 'esbuild';

/** esbuild is a process of its own, which nobody needs once the modules are loaded; it starts again when one is. */
const IDLE_MS = 2000;
let idle;

export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context);
  const sourcefile = fileURLToPath(url);
  const options = { loader: 'ts', format: 'esm', target: 'node20', sourcemap: 'inline', sourcefile };
  const { code } = await transform(await readFile(sourcefile, 'utf8'), options);
  clearTimeout(idle);
  idle = setTimeout(stop, IDLE_MS).unref();
  return { format: 'module', source: code, shortCircuit: true };
}
