/** Money is a whole number of minor units plus an ISO 4217 currency. Never a float. */

const withNone = 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF';
const withTwo =
  'AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP ' +
  'CRC CUC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR ' +
  'IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD ' +
  'NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN ' +
  'SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG';
const withThree = 'BHD IQD JOD KWD LYD OMR TND';

/** ISO 4217 (2025): how many decimals the minor unit of each currency in use has. */
const decimalsByCurrency: ReadonlyMap<string, number> = new Map(
  [withNone, withTwo, withThree].flatMap((codes, index) =>
    codes.split(' ').map((code) => [code, index === 0 ? 0 : index + 1] as const),
  ),
);

/** Millionths in one unit of any currency: the unit of `unitPrice`. */
export const MILLIONTHS = 1_000_000;

/** Largest amount of one document or line, in minor units: sums of thousands of them stay exact in a double. */
export const MAX_AMOUNT = 1_000_000_000_000;

export function isCurrency(code: string): boolean {
  return decimalsByCurrency.has(code);
}

/** Decimals of a currency's minor unit: 2 for USD, 0 for JPY, 3 for BHD. Throws RangeError when it is none of ISO 4217. */
export function decimalsOf(currency: string): number {
  const decimals = decimalsByCurrency.get(currency);
  if (decimals === undefined) throw new RangeError(`${currency} is not an ISO 4217 currency`);
  return decimals;
}

/**
 * quantity x unitPrice in minor units, rounded half up, exactly.
 * `unitPrice` is in millionths of the currency unit; both are whole and not negative.
 */
export function lineGross(quantity: number, unitPrice: number, currency: string): number {
  const divisor = MILLIONTHS / 10 ** decimalsOf(currency);
  const product = quantity * unitPrice;
  if (Number.isSafeInteger(product)) return Math.floor(product / divisor) + (product % divisor >= divisor / 2 ? 1 : 0);
  const exact = (2n * BigInt(quantity) * BigInt(unitPrice) + BigInt(divisor)) / BigInt(2 * divisor);
  return Number(exact);
}

/** Minor units as a decimal text with exactly the currency's decimals: (-1234, 'USD') is "-12.34". */
export function minorUnitsToDecimal(amount: number, currency: string): string {
  if (!Number.isSafeInteger(amount)) throw new RangeError(`${amount} is not a whole number of minor units`);
  const decimals = decimalsOf(currency);
  const digits = String(Math.abs(amount)).padStart(decimals + 1, '0');
  const sign = amount < 0 ? '-' : '';
  return decimals === 0 ? sign + digits : `${sign}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

/** Exact sum of `amountOf` over a list, in minor units. */
export function sumOf<T>(items: readonly T[], amountOf: (item: T) => number): number {
  let sum = 0;
  for (const item of items) sum += amountOf(item);
  return sum;
}
