import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { catalogue } from '../../../schemas/catalogue.ts';
import { generatedFile, generateTypes } from '../../../schemas/codegen.ts';

describe('schemas', () => {
  it('match the generated types (npm run codegen writes them)', () => {
    expect(readFileSync(generatedFile, 'utf8')).to.equal(generateTypes());
  });

  it('lie one a file, named as in the catalogue', () => {
    for (const topic of ['commands', 'events'] as const) {
      const files = readdirSync(new URL(`../../../schemas/${topic}`, import.meta.url)).sort();
      const named = catalogue.filter((entry) => entry.topic === topic).map(({ type }) => `${type}.avsc`);
      expect(files).to.deep.equal(named.sort());
    }
  });

  it('begin every event with its address', () => {
    for (const { topic, schema } of catalogue) {
      const fields = (schema as unknown as { fields: { name: string }[] }).fields.map(({ name }) => name);
      if (topic === 'events') expect(fields.slice(0, 2)).to.deep.equal(['expectedOffset', 'commandOffset']);
    }
  });
});
