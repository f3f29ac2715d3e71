/** Decimal text to exact whole numbers, by digits and never through a float. */
import { MILLIONTHS } from '../../domain/money.ts';

const decimal = /^(-?)(\d+)(?:\.(\d+))?$/;
const DECIMALS = Math.log10(MILLIONTHS);

/**
 * A price as text, "2.55", in millionths of the currency unit: 2550000.
 * Undefined for anything that is not a plain decimal, has more than six decimals, or is beyond 2^53 millionths.
 */
export function parseMillionths(text: string): number | undefined {
  const [, sign, units, fraction = ''] = decimal.exec(text) ?? [];
  if (units === undefined) return undefined;
  const decimals = fraction.replace(/0+$/, '');
  if (decimals.length > DECIMALS) return undefined;
  const millionths = Number(units + decimals.padEnd(DECIMALS, '0'));
  if (!Number.isSafeInteger(millionths)) return undefined;
  return sign === '-' && millionths > 0 ? -millionths : millionths;
}

/** A whole number as text; undefined for anything else or beyond 2^53. */
export function parseWhole(text: string): number | undefined {
  if (!/^-?\d+$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}
