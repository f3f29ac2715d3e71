import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { buildSchema, parse, validate } from 'graphql';
import { LIVE } from '../../../dashboard/src/api/live.ts';
import { CATEGORIES, GAPS, OVERVIEW, PAYMENT_METHODS, PRODUCTS, STORE } from '../../../dashboard/src/api/queries.ts';

const schema = buildSchema(readFileSync(new URL('../../../read-api/schema.graphql', import.meta.url), 'utf8'));

describe('dashboard/api: what the page asks', () => {
  for (const [name, { text }] of Object.entries({
    OVERVIEW,
    CATEGORIES,
    PAYMENT_METHODS,
    PRODUCTS,
    STORE,
    GAPS,
    LIVE,
  })) {
    it(`${name} is valid against the committed schema`, () => {
      expect(validate(schema, parse(text)).map(({ message }) => message)).to.deep.equal([]);
    });
  }
});
