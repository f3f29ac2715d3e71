import { type GraphQLScalarTypeConfig, Kind, type ValueNode } from 'graphql';
import { isCurrency } from '../domain/money.ts';
import { apiError, badInput } from './errors.ts';
import { type LocalDate, parseDate, type Zone, zoneOf } from './time/zone.ts';

type ScalarCodec<T, U> = Pick<GraphQLScalarTypeConfig<T, U>, 'serialize' | 'parseValue' | 'parseLiteral'>;

/** A scalar that is text on the wire. `read` gives the value for the resolvers, or undefined when the text is wrong. */
function textScalar<T>(
  expected: string,
  read: (text: string) => T | undefined,
  write: (value: unknown) => string = String,
): ScalarCodec<T, string> {
  const parse = (input: unknown, nodes?: ValueNode): T => {
    const value = typeof input === 'string' ? read(input) : undefined;
    if (value === undefined)
      throw apiError('BAD_USER_INPUT', `${JSON.stringify(input)} is not ${expected}.`, { nodes });
    return value;
  };
  return {
    serialize: write,
    parseValue: (input) => parse(input),
    parseLiteral: (node) => parse('value' in node && node.kind === Kind.STRING ? node.value : node.kind, node),
  };
}

/** Resolvers of the scalars in schema.graphql. Wrong text fails with BAD_USER_INPUT, as a literal and as a variable. */
export const scalars = {
  Date: textScalar<LocalDate>('a day of the calendar such as "2011-04-01"', parseDate),
  DateTime: textScalar<string>('a moment such as "2011-04-01T00:00:00Z"', (text) => text, writeMoment),
  TimeZone: textScalar<Zone>('an IANA time zone such as "Europe/London"', zoneOf),
  CurrencyCode: textScalar<string>('an ISO 4217 currency such as "GBP"', (code) =>
    isCurrency(code) ? code : undefined,
  ),
  SafeInt: { serialize: safeInteger, parseValue: safeInteger } satisfies ScalarCodec<number, number>,
};

/** Dates and milliseconds as UTC; text (already with the offset of a zone) as it is. */
function writeMoment(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'number' ? new Date(value).toISOString() : String(value);
}

function safeInteger(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw badInput(`${String(value)} is not a whole number from -(2^53 - 1) to 2^53 - 1.`);
}
