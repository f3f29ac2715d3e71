/** An amount as the API sends it: a decimal string in units of the currency. Never added to another currency. */
export interface Money {
  amount: string;
  currencyCode: string;
}

const formatters = new Map<string, Intl.NumberFormat>();

/** The whole amount, to the smallest unit of its currency: `£1,234.50`. */
export function formatMoney(money: Money): string {
  return formatter(money.currencyCode, {}).format(decimal(money.amount));
}

/** For headlines: amounts of 10,000 and more without minor units, since nobody reads pennies there. */
export function formatMoneyBrief(money: Money): string {
  const large = Math.abs(Number(money.amount)) >= 10_000;
  return formatter(money.currencyCode, large ? { maximumFractionDigits: 0 } : {}).format(decimal(money.amount));
}

/** For axes: `£1.2K`. */
export function formatMoneyShort(amount: number, currencyCode: string): string {
  const digits = Math.abs(amount) >= 1000 ? 1 : 0;
  return formatter(currencyCode, {
    notation: 'compact',
    maximumFractionDigits: digits,
    minimumFractionDigits: 0,
  }).format(amount);
}

/** The currency's name in the reader's language: `Pound sterling`. */
export function currencyName(code: string): string {
  try {
    return new Intl.DisplayNames(undefined, { type: 'currency' }).of(code) ?? code;
  } catch {
    return code;
  }
}

/** Intl formats a decimal string exactly, beyond what a double holds; its type only admits literals. */
function decimal(amount: string): Intl.StringNumericLiteral {
  return amount as Intl.StringNumericLiteral;
}

function formatter(currency: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = `${currency} ${JSON.stringify(options)}`;
  const known = formatters.get(key);
  if (known) return known;
  const made = new Intl.NumberFormat(undefined, {
    style: 'currency',
    currency,
    currencyDisplay: 'narrowSymbol',
    ...options,
  });
  formatters.set(key, made);
  return made;
}
