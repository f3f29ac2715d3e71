/** Holds answers of the command API against its own OpenAPI document. */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';

export interface ApiDocument {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object> };
}

export interface Operation {
  operationId: string;
  security?: object[];
  requestBody?: { content: Record<string, { schema: object; example?: unknown; examples?: Record<string, unknown> }> };
  responses: Record<string, { headers?: Record<string, object>; content?: Record<string, Content> }>;
}

interface Content {
  schema?: object;
  'x-itemSchema'?: object;
  example?: unknown;
}

/** An answer as it came over the wire. */
export interface Received {
  status: number;
  headers: Headers;
  body: string;
}

export type AnswerCheck = (method: string, path: string, received: Received) => void;

/**
 * A check that throws when an answer's status, headers, media type or content is not documented for the operation at
 * `path` (a template of the document). Fields that no schema names are not documented either.
 */
export function createAnswerCheck(document: ApiDocument): AnswerCheck {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  formats.default(ajv);
  ajv.addSchema(document, 'api', undefined, false);

  const validators = new Map<string, ValidateFunction>();

  function validate(pointer: string, value: unknown, where: string): void {
    const closed = validators.get(pointer) ?? ajv.compile({ $ref: `api#${pointer}`, unevaluatedProperties: false });
    validators.set(pointer, closed);
    if (!closed(value)) throw new Error(`${where}: ${ajv.errorsText(closed.errors)}: ${JSON.stringify(value)}`);
  }

  return (method, path, { status, headers, body }) => {
    const where = `${method} ${path} answered ${status}`;
    const documented = document.paths[path]?.[method.toLowerCase()]?.responses[status];
    if (!documented) throw new Error(`${where}, which is not documented: ${body.slice(0, 1000)}`);
    for (const name of Object.keys(documented.headers ?? {})) {
      if (!headers.has(name)) throw new Error(`${where} without ${name}`);
    }
    if (!documented.content && body === '') return;
    const type = headers.get('content-type')?.split(';')[0] ?? '';
    const content = documented.content?.[type];
    if (!content) throw new Error(`${where} as ${type}, which is not documented`);
    const at = pointerTo('paths', path, method.toLowerCase(), 'responses', String(status), 'content', type);
    if (!content['x-itemSchema']) validate(`${at}/schema`, JSON.parse(body), where);
    else for (const line of linesOf(body)) validate(`${at}/x-itemSchema`, JSON.parse(line), where);
  };
}

export function linesOf(body: string): string[] {
  return body.split('\n').filter((line) => line !== '');
}

function pointerTo(...parts: string[]): string {
  return parts.map((part) => `/${encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))}`).join('');
}
