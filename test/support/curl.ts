/** Does what curl would do, on machines that have none: the options that the documents use. */
import type { Received } from './openapi.ts';
import { send } from './raw-http.ts';

/** `command` as it would be typed; `rebase` leads its address elsewhere. */
export function curl(command: string, rebase: (url: string) => string): Promise<Received> {
  const [program, ...words] = wordsOf(command);
  if (program !== 'curl') throw new Error(`not curl: ${command}`);
  const headers: Record<string, string> = {};
  let url = '';
  let body: string | undefined;
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === '-H') {
      const [, name = '', value = ''] = /^([^:]+): *(.*)$/.exec(words.shift() ?? '') ?? [];
      headers[name] = value;
    } else if (word === '-d') body = (words.shift() ?? '').replaceAll('\n', '');
    else if (word === '--data-binary') body = words.shift();
    else if (/^-[si]+$/.test(word)) continue;
    else url = word;
  }
  const { origin, pathname } = new URL(rebase(url));
  return send(origin, { method: body === undefined ? 'GET' : 'POST', path: pathname, headers, body });
}

/** As a shell splits a line that has single quotes and nothing else. */
function wordsOf(command: string): string[] {
  return [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');
}
