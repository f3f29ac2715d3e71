/** What GraphiQL opens with. Each tab runs as it is. */
export const graphiqlTabs = [
  {
    query: `# Revenue by month. A bucket begins at local midnight; its start carries the zone's offset.
query Revenue {
  revenue(from: "2010-12-01", to: "2011-12-31", timeZone: "Europe/London", granularity: MONTH, currency: "GBP") {
    buckets {
      start
      gross { amount currencyCode }
      returns { amount }
      net { amount }
      orders
      units
    }
    totals { net { amount currencyCode } orders averageOrderValue { amount } }
  }
}
`,
  },
  {
    query: `# A whole page of figures, all from one snapshot: positions says which events they include.
query Page($from: Date!, $to: Date!, $timeZone: TimeZone!, $currency: CurrencyCode!) {
  positions { partition nextOffset }
  categories(from: $from, to: $to, timeZone: $timeZone, currency: $currency) {
    category
    net { amount currencyCode }
    orders
    units
  }
  paymentMethods(from: $from, to: $to, timeZone: $timeZone, currency: $currency) {
    method
    payments
    net { amount }
  }
  products(from: $from, to: $to, currency: $currency, first: 5) {
    productName
    net { amount }
    units
    timeZone
  }
}
`,
    variables: JSON.stringify(
      { from: '2010-12-01', to: '2030-12-31', timeZone: 'Europe/London', currency: 'USD' },
      null,
      2,
    ),
  },
  {
    query: `# The ledger, newest first. For the next page give pageInfo.endCursor as after.
query Ledger {
  currencies { code orders firstAt lastAt }
  sales(first: 10) {
    nodes {
      id
      kind
      occurredAt
      position
      total { amount currencyCode }
      lines { productName quantity gross { amount } }
      payments { method amount { amount } }
      voidedAt
      refunds { refundId occurredAt total { amount } }
      refundable { amount }
    }
    pageInfo { hasNextPage endCursor }
  }
}
`,
  },
  {
    query: `# The last 48 hours by minute, then every change, once a second.
subscription Live {
  live(minIntervalMs: 1000) {
    kind
    serverTime
    rebuilding
    positions { partition nextOffset }
    minutes { minute currency orders net { amount } }
    sales { id kind position total { amount currencyCode } products }
  }
}
`,
  },
];
