import type { Figures } from '../api/queries.ts';
import { formatMoney, formatMoneyBrief, formatMoneyShort, type Money } from '../format/money.ts';
import { formatCount, formatCountShort } from '../format/numbers.ts';
import { add } from './amounts.ts';

/** The figures that the page leads with; each can be the one that the trend shows. */
export const METRIC_NAMES = ['net', 'orders', 'average', 'units', 'returns'] as const;
export type MetricName = (typeof METRIC_NAMES)[number];

/** One figure: how it is read from a period's figures, and how it is written. */
export interface Metric {
  name: MetricName;
  label: string;
  /** The formula, in the words of the page. */
  formula: string;
  /** True where more is worse, so that colours say so. */
  lessIsBetter: boolean;
  /** In units of the currency, or a count; null where there is none, as an average without orders. */
  value: (figures: Figures) => number | null;
  /** The headline. */
  brief: (figures: Figures) => string;
  /** Written out in full. */
  full: (figures: Figures) => string;
  /** What it is made of, where that is worth telling. */
  detail?: (figures: Figures) => string;
  axis: (value: number, currency: string) => string;
}

export const METRICS: readonly Metric[] = [
  money('net', 'Net revenue', 'Gross sales − discounts − returns − refunds', (figures) => figures.net),
  count(
    'orders',
    'Orders',
    'Sales recorded, without voided ones; returns and refunds are not orders',
    (figures) => figures.orders,
  ),
  money('average', 'Average order', '(Gross sales − discounts) ÷ orders', (figures) => figures.averageOrderValue),
  count('units', 'Units sold', 'Pieces sold; what came back is not taken off', (figures) => figures.units),
  {
    ...money(
      'returns',
      'Returns & refunds',
      'Goods that came back without a known sale + what was refunded of sales, in this period',
      ({ returns, refunds }) => add(returns, refunds),
    ),
    lessIsBetter: true,
    detail: ({ returns, refunds }) => `${formatMoney(returns)} returned, ${formatMoney(refunds)} refunded`,
  },
];

/** The metric called `name`. */
export function metric(name: MetricName): Metric {
  const found = METRICS.find((candidate) => candidate.name === name);
  if (!found) throw new Error(`No metric is called ${name}.`);
  return found;
}

function money(name: MetricName, label: string, formula: string, read: (figures: Figures) => Money | null): Metric {
  const written = (format: (money: Money) => string) => (figures: Figures) => {
    const amount = read(figures);
    return amount ? format(amount) : '–';
  };
  return {
    name,
    label,
    formula,
    lessIsBetter: false,
    value: (figures) => {
      const amount = read(figures);
      return amount ? Number(amount.amount) : null;
    },
    brief: written(formatMoneyBrief),
    full: written(formatMoney),
    axis: formatMoneyShort,
  };
}

function count(name: MetricName, label: string, formula: string, read: (figures: Figures) => number): Metric {
  return {
    name,
    label,
    formula,
    lessIsBetter: false,
    value: read,
    brief: (figures) => formatCount(read(figures)),
    full: (figures) => formatCount(read(figures)),
    axis: formatCountShort,
  };
}
