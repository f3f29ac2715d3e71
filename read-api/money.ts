/** The GraphQL type Money, and the published formulas. Amounts inside are whole minor units. */
import { decimalsOf, MILLIONTHS, minorUnitsToDecimal } from '../domain/money.ts';

export interface Money {
  amount: string;
  currencyCode: string;
}

export function money(minorUnits: number, currency: string): Money {
  return { amount: minorUnitsToDecimal(minorUnits, currency), currencyCode: currency };
}

/** A unit price in millionths: at least the decimals of its currency, at most six. */
export function unitPrice(millionths: number, currency: string): Money {
  const whole = Math.floor(millionths / MILLIONTHS);
  const fraction = String(millionths % MILLIONTHS)
    .padStart(6, '0')
    .replace(/0+$/, '')
    .padEnd(decimalsOf(currency), '0');
  return { amount: fraction ? `${whole}.${fraction}` : String(whole), currencyCode: currency };
}

/** What the net of any group of sales is made of. */
export interface NetParts {
  gross: number;
  discounts: number;
  returns: number;
  refunds: number;
}

export function netOf(parts: NetParts): number {
  return parts.gross - parts.discounts - parts.returns - parts.refunds;
}

/** (gross - discounts) / orders in minor units, rounded half-up; undefined without orders. */
export function averageOrderValue(figures: { gross: number; discounts: number; orders: number }): number | undefined {
  if (figures.orders === 0) return undefined;
  return Math.floor((figures.gross - figures.discounts) / figures.orders + 0.5);
}

/** The four parts and their net as GraphQL fields. */
export function netFields(parts: NetParts, currency: string) {
  return {
    gross: money(parts.gross, currency),
    discounts: money(parts.discounts, currency),
    returns: money(parts.returns, currency),
    refunds: money(parts.refunds, currency),
    net: money(netOf(parts), currency),
  };
}
