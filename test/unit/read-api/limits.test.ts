import { expect } from 'chai';
import { getIntrospectionQuery, parse, validate } from 'graphql';
import { graphiqlTabs } from '../../../read-api/graphiql-tabs.ts';
import { limitsRule, MAX_FIELDS, MAX_ROOT_FIELDS } from '../../../read-api/limits.ts';
import { buildSchema } from '../../../read-api/schema.ts';

describe('limits of a request', () => {
  const schema = buildSchema();
  const problems = (text: string) => validate(schema, parse(text), [limitsRule]).map((error) => error.message);
  const times = (count: number, text: (index: number) => string) =>
    Array.from({ length: count }, (_, i) => text(i)).join(' ');

  it('let through introspection and what GraphiQL opens with', () => {
    expect(problems(getIntrospectionQuery())).to.deep.equal([]);
    for (const { query } of graphiqlTabs) {
      expect(problems(query)).to.deep.equal([]);
      expect(validate(schema, parse(query))).to.deep.equal([]);
    }
  });

  it('count aliases of the operation', () => {
    expect(problems(`{ ${times(MAX_ROOT_FIELDS, (i) => `a${i}: currencies { code }`)} }`)).to.deep.equal([]);
    expect(problems(`{ ${times(MAX_ROOT_FIELDS + 1, (i) => `a${i}: currencies { code }`)} }`)).to.match(/at once/);
  });

  it('count fields each time that a fragment is spread', () => {
    const fragment = `fragment F on Currency { ${times(100, (i) => `a${i}: code`)} }`;
    expect(problems(`${fragment} { ${times(6, (i) => `c${i}: currencies { ...F }`)} }`)).to.match(
      /more than 500 fields/,
    );
  });

  it('stop at fragments that double each time, and at ones that spread themselves', () => {
    const doubling = times(40, (i) => `fragment F${i} on Currency { ...F${i + 1} ...F${i + 1} }`);
    for (const last of ['code', '__typename', '...Missing']) {
      const started = performance.now();
      expect(problems(`${doubling} fragment F40 on Currency { ${last} } { currencies { ...F0 } }`)).to.have.length(1);
      expect(performance.now() - started).to.be.below(200);
    }
    expect(problems('fragment F on Currency { code ...F } { currencies { ...F } }')).to.deep.equal([]);
  });

  it('count nesting', () => {
    const deep = `${'{ currencies '.repeat(12)} { code } ${'}'.repeat(12)}`;
    expect(problems(deep)).to.match(/nested more than/);
    expect(MAX_FIELDS).to.be.above(100);
  });
});
