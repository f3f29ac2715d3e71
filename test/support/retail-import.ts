/** Imports of the UCI Online Retail dataset into services of their own, and what GraphQL says of its months then. */
import { expect } from 'chai';
import { pence, truth } from './retail-file.ts';
import { type Ended, salesCommand } from './sales-command.ts';
import type { Services } from './services.ts';

/** The query of the issue, as it stands there. */
const query = `{ revenue(from: "2010-12-01", to: "2011-12-31", timeZone: "Europe/London", granularity: MONTH, currency: "GBP") {
    buckets { start gross { amount currencyCode } returns { amount } net { amount } orders units } } }`;

interface Bucket {
  start: string;
  gross: { amount: string; currencyCode: string };
  returns: { amount: string };
  net: { amount: string };
  orders: number;
  units: number;
}

/** Runs `sales import` as people do; `watch` as for any command. */
export function importFile(
  { commandsUrl }: Services,
  path: string,
  options?: Parameters<typeof salesCommand>[1],
): Promise<Ended> {
  return salesCommand(['import', path, '--format', 'uci-online-retail', '--commands', commandsUrl, '--json'], options);
}

/** Figures by month, as GraphQL has them. */
export async function months({ graphqlUrl }: Services): Promise<Record<string, unknown>> {
  const response = await fetch(graphqlUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  const { data, errors } = await response.json();
  expect(errors).to.equal(undefined);
  const buckets: Bucket[] = data.revenue.buckets;
  return Object.fromEntries(buckets.map(({ start, ...figures }) => [start, figures]));
}

/** Figures by month, as truth.json has them. */
export function expectedMonths(): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(truth.sales_by_month).map(([month, sold]) => {
      const gross = pence(sold.revenue_line_rounded_half_up);
      const returned = -pence(truth.cancellations_by_month[month]?.revenue_line_rounded_half_up ?? '0');
      return [
        `${month}-01T00:00:00${month >= '2011-04' && month <= '2011-10' ? '+01:00' : '+00:00'}`,
        {
          gross: { amount: pounds(gross), currencyCode: 'GBP' },
          returns: { amount: pounds(returned) },
          net: { amount: pounds(gross - returned) },
          orders: sold.orders,
          units: sold.quantity,
        },
      ];
    }),
  );
}

function pounds(amount: number): string {
  return `${Math.floor(amount / 100)}.${String(amount % 100).padStart(2, '0')}`;
}
