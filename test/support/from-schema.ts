/** Values that fit a JSON Schema, for the keywords that the command API's definitions use. */
import fc from 'fast-check';

export interface Schema {
  type?: string;
  const?: unknown;
  pattern?: string;
  format?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  anyOf?: Schema[];
  oneOf?: { required: string[] }[];
}

/** Lists stay short. Throws on what it does not know. */
export function fromSchema(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map(fromSchema));
  switch (schema.type) {
    case 'null':
      return fc.constant(null);
    case 'integer':
      return fc.integer({ min: schema.minimum, max: schema.maximum });
    case 'array':
      return fc.array(fromSchema(schema.items ?? {}), { minLength: schema.minItems ?? 0, maxLength: 3 });
    case 'string':
      return textFrom(schema);
    case 'object':
      return objectFrom(schema);
    default:
      throw new Error(`no values for ${JSON.stringify(schema)}`);
  }
}

function textFrom({ format, pattern, minLength = 0, maxLength = 50 }: Schema): fc.Arbitrary<string> {
  if (format === 'date-time') {
    const inPast = fc.date({ min: new Date(0), max: new Date('2026-06-01'), noInvalidDate: true });
    return inPast.map((date) => date.toISOString());
  }
  if (pattern?.includes('[A-Z]')) return fc.oneof(fc.constantFrom('GBP', 'US'), fc.stringMatching(new RegExp(pattern)));
  const words = fc.string({ unit: 'grapheme', minLength: Math.max(1, minLength), maxLength: Math.min(maxLength, 40) });
  return words.filter((text) => text.length <= maxLength && new RegExp(pattern ?? '').test(text));
}

/** One of the alternatives of `oneOf`, which say which fields exclude each other. */
function objectFrom({ properties = {}, required = [], oneOf = [{ required: [] }] }: Schema): fc.Arbitrary<unknown> {
  const alternatives = oneOf.flatMap((one) => one.required);
  return fc.constantFrom(...oneOf).chain((chosen) => {
    const left = Object.entries(properties).filter(
      ([name]) => !alternatives.includes(name) || chosen.required.includes(name),
    );
    const fields = Object.fromEntries(left.map(([name, property]) => [name, fromSchema(property)]));
    return fc.record(fields, { requiredKeys: [...required, ...chosen.required] as never[] });
  });
}
