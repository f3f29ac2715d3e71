import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { stop, transform } from 'esbuild';

/** esbuild is a process of its own, which nobody needs once the modules are loaded; it starts again when one is. */
const IDLE_MS = 2000;
let idle;
let pending = 0;

export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context);
  const sourcefile = fileURLToPath(url);
  const text = await readFile(sourcefile, 'utf8');
  const options = {
    loader: 'ts',
    format: 'esm',
    target: 'node20',
    sourcemap: 'inline',
    sourcesContent: false,
    sourcefile,
  };
  clearTimeout(idle);
  pending += 1;
  try {
    const { code } = await transform(text, options);
    return { format: 'module', source: code, shortCircuit: true };
  } finally {
    pending -= 1;
    if (pending === 0) idle = setTimeout(stop, IDLE_MS).unref();
  }
}
