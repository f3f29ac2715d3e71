import avro, { type Schema } from 'avsc';
import { expect } from 'chai';
import fc from 'fast-check';
import { boundedCollections } from '../../../platform/registry/bounded-collections.ts';

const long = avro.Type.forSchema('long');

function record(...fields: { name: string; type: object }[]): Schema {
  return { type: 'record' as const, name: 'R', fields: [{ name: 'id', type: 'string' }, ...fields] } as Schema;
}

const array = {
  type: 'array' as const,
  items: { type: 'record' as const, name: 'Item', fields: [{ name: 'text', type: 'string' }] },
};
const map = { type: 'map' as const, values: 'long' };

describe('collections of Avro', () => {
  for (const [what, type] of [
    ['array', array],
    ['map', map],
  ] as const) {
    for (const count of [1_000_000_000, -1_000_000_000, 2 ** 52]) {
      const id = avro.Type.forSchema('string').toBuffer('x');
      const bytes = Buffer.concat([id, long.toBuffer(count), Buffer.from('some bytes')]);

      it(`fail at once when an ${what} declares ${count} items and has none`, () => {
        const reader = avro.Type.forSchema(record({ name: 'many', type }), { typeHook: boundedCollections });
        expect(() => reader.fromBuffer(bytes)).to.throw(/more items than it has bytes|truncated/);
      });

      it(`fail at once when they are in a field that the reader passes over (${what}, ${count})`, () => {
        const writer = avro.Type.forSchema(record({ name: 'many', type }, { name: 'last', type: { type: 'int' } }), {
          typeHook: boundedCollections,
        });
        const reader = avro.Type.forSchema(record({ name: 'last', type: { type: 'int' } }), {
          typeHook: boundedCollections,
        });
        const resolver = reader.createResolver(writer);
        expect(() => reader.fromBuffer(bytes, resolver)).to.throw(/more items than it has bytes|truncated/);
      });
    }
  }

  it('are read as avsc reads them', () => {
    const schema = record({ name: 'items', type: array }, { name: 'counts', type: map });
    const theirs = avro.Type.forSchema(schema);
    const ours = avro.Type.forSchema(schema, { typeHook: boundedCollections });
    const items = fc.array(fc.record({ text: fc.string() }));
    const counts = fc.dictionary(
      fc.string({ minLength: 1 }).filter((key) => key !== '__proto__'),
      fc.integer(),
    );
    fc.assert(
      fc.property(fc.record({ id: fc.string(), items, counts }), (value) => {
        const bytes = theirs.toBuffer(value);
        expect(JSON.stringify(ours.fromBuffer(bytes))).to.equal(JSON.stringify(theirs.fromBuffer(bytes)));
        expect(ours.toBuffer(value).equals(bytes)).to.equal(true);
      }),
    );
  });
});
