/**
 * TypeScript types of all commands and events, generated from the `.avsc` files into `domain/messages.generated.ts`.
 * `npm run codegen` writes the file; a test fails when it is stale.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { catalogue, commandTypes, eventTypes } from './catalogue.ts';

type Json = string | Json[] | { [key: string]: Json };
interface Field {
  name: string;
  type: Json;
  doc?: string;
}
interface RecordSchema {
  name: string;
  doc?: string;
  fields: Field[];
}

export const generatedFile = fileURLToPath(new URL('../domain/messages.generated.ts', import.meta.url));

/** The generated file's text. Throws on an Avro construct that the catalogue does not use. */
export function generateTypes(): string {
  const interfaces = new Map<string, string>();
  for (const { schema } of catalogue) emitRecord(schema as unknown as RecordSchema, interfaces);
  return [
    '// Generated from schemas/**/*.avsc by `npm run codegen`. Do not edit.',
    ...interfaces.values(),
    unionOf('Command', commandTypes),
    unionOf('Event', eventTypes),
    '',
  ].join('\n\n');
}

function emitRecord(record: RecordSchema, into: Map<string, string>): string {
  const fields = record.fields.map(
    (field) => `${docOf(field, '  ')}  ${field.name}: ${typeScriptType(field.type, into)};\n`,
  );
  into.set(record.name, `${docOf(record, '')}export interface ${record.name} {\n${fields.join('')}}`);
  return record.name;
}

function typeScriptType(type: Json, into: Map<string, string>): string {
  if (Array.isArray(type)) return type.map((branch) => typeScriptType(branch, into)).join(' | ');
  if (typeof type === 'object') {
    if (type.type === 'record') return emitRecord(type as unknown as RecordSchema, into);
    if (type.type === 'array' && type.items) return `${typeScriptType(type.items, into)}[]`;
    return typeScriptType(type.type ?? '', into);
  }
  if (type === 'long' || type === 'int') return 'number';
  if (type === 'null' || type === 'string' || type === 'boolean' || into.has(type)) return type;
  throw new Error(`codegen knows no TypeScript type for Avro type ${JSON.stringify(type)}`);
}

function docOf({ doc, type }: { doc?: string; type?: Json }, indent: string): string {
  const millis = JSON.stringify(type ?? '').includes('timestamp-millis') ? ' Milliseconds since 1970 UTC.' : '';
  return doc ? `${indent}/** ${doc}${millis} */\n` : '';
}

function unionOf(name: string, types: readonly string[]): string {
  const branches = types.map((type) => `  | { type: '${type}'; data: ${type} }`);
  return `export type ${name} =\n${branches.join('\n')};`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(generatedFile, generateTypes());
