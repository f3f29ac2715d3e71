/** Exact arithmetic with amounts of one currency: counted in minor units. */
import type { Money } from '../format/money.ts';

/** The sum of one amount or more. */
export function add(amount: Money, ...others: Money[]): Money {
  return fromMinor(
    others.reduce((sum, other) => sum + toMinor(other), toMinor(amount)),
    amount,
  );
}

/** `amount` less `others`. */
export function subtract(amount: Money, others: Money[]): Money {
  return fromMinor(
    others.reduce((rest, other) => rest - toMinor(other), toMinor(amount)),
    amount,
  );
}

/** Rounded to the minor unit. */
export function divide(amount: Money, by: number): Money {
  return fromMinor(BigInt(Math.round(Number(toMinor(amount)) / by)), amount);
}

function toMinor({ amount }: Money): bigint {
  return BigInt(amount.replace('.', ''));
}

function fromMinor(minor: bigint, like: Money): Money {
  const places = like.amount.split('.')[1]?.length ?? 0;
  const digits = String(minor < 0n ? -minor : minor).padStart(places + 1, '0');
  const whole = digits.slice(0, digits.length - places);
  const fraction = places === 0 ? '' : `.${digits.slice(-places)}`;
  return { amount: `${minor < 0n ? '-' : ''}${whole}${fraction}`, currencyCode: like.currencyCode };
}
