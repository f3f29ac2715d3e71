import { expect } from 'chai';
import { type GraphQLNamedType, isEnumType, isInputObjectType, isInterfaceType, isObjectType } from 'graphql';
import { buildSchema } from '../../../read-api/schema.ts';

/** Everything in a type that a reader may ask "what is this?" of: the type, its fields, their arguments, its values. */
function described(type: GraphQLNamedType): [name: string, description: string | null | undefined][] {
  const own: [string, string | null | undefined][] = [[type.name, type.description]];
  if (isEnumType(type)) {
    return [...own, ...type.getValues().map((value) => [`${type.name}.${value.name}`, value.description] as const)].map(
      ([name, text]) => [name, text],
    );
  }
  if (isInputObjectType(type)) {
    for (const field of Object.values(type.getFields())) own.push([`${type.name}.${field.name}`, field.description]);
  }
  if (isObjectType(type) || isInterfaceType(type)) {
    for (const field of Object.values(type.getFields())) {
      own.push([`${type.name}.${field.name}`, field.description]);
      for (const arg of field.args) own.push([`${type.name}.${field.name}(${arg.name})`, arg.description]);
    }
  }
  return own;
}

describe('GraphQL schema', () => {
  const schema = buildSchema();
  const builtIn = ['Boolean', 'Int', 'String', 'Float', 'ID'];
  const types = Object.values(schema.getTypeMap()).filter(
    (type) => !type.name.startsWith('__') && !builtIn.includes(type.name),
  );

  it('describes every type, field, argument and value', () => {
    const silent = types.flatMap(described).filter(([, description]) => !description?.trim());
    expect(silent.map(([name]) => name)).to.deep.equal([]);
  });

  it('has a resolver for every question, and answers the rest from plain properties', () => {
    for (const root of [schema.getQueryType(), schema.getSubscriptionType()]) {
      for (const field of Object.values(root?.getFields() ?? {})) {
        expect(field.resolve ?? field.subscribe, field.name).to.be.a('function');
      }
    }
  });

  it('gives every amount in a currency: no field of type Float', () => {
    const floats = types.flatMap((type) =>
      isObjectType(type)
        ? Object.values(type.getFields()).filter((field) => String(field.type).startsWith('Float'))
        : [],
    );
    expect(floats).to.deep.equal([]);
  });
});
