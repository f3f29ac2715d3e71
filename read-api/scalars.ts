import { GraphQLError, GraphQLScalarType, type GraphQLScalarTypeConfig, Kind } from 'graphql';
import { isCurrency } from '../domain/money.ts';
import { badInput } from './errors.ts';
import { type LocalDate, parseDate, type Zone, zoneOf } from './time/zone.ts';

/** A scalar that is text on the wire. `read` gives the value for the resolvers, or undefined when the text is wrong. */
function textScalar<T>(
  name: string,
  expected: string,
  read: (text: string) => T | undefined,
  write: (value: unknown) => string = String,
) {
  const parse = (input: unknown): T => {
    const value = typeof input === 'string' ? read(input) : undefined;
    if (value === undefined) throw badInput(`${JSON.stringify(input)} is not ${expected}.`);
    return value;
  };
  return new GraphQLScalarType({
    name,
    serialize: write,
    parseValue: parse,
    parseLiteral: (node) => parse(node.kind === Kind.STRING ? node.value : 'value' in node ? node.value : node.kind),
  } satisfies GraphQLScalarTypeConfig<T, string>);
}

/** Resolvers of the scalars in schema.graphql. Wrong text fails with BAD_USER_INPUT, as a literal and as a variable. */
export const scalars = {
  Date: textScalar<LocalDate>('Date', 'a day of the calendar such as "2011-04-01"', parseDate),
  DateTime: textScalar<string>('DateTime', 'a moment such as "2011-04-01T00:00:00Z"', (text) => text, writeMoment),
  TimeZone: textScalar<Zone>('TimeZone', 'an IANA time zone such as "Europe/London"', zoneOf),
  CurrencyCode: textScalar<string>('CurrencyCode', 'an ISO 4217 currency such as "GBP"', (code) =>
    isCurrency(code) ? code : undefined,
  ),
  SafeInt: new GraphQLScalarType<number, number>({ name: 'SafeInt', serialize: safeInteger, parseValue: safeInteger }),
};

/** Dates and milliseconds as UTC; text (already with the offset of a zone) as it is. */
function writeMoment(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'number' ? new Date(value).toISOString() : String(value);
}

function safeInteger(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw new GraphQLError(`${String(value)} is not a whole number from -(2^53 - 1) to 2^53 - 1.`, {
    extensions: { code: 'BAD_USER_INPUT' },
  });
}
