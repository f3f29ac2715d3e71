/** Sales, returns, refunds and voids in the words of the command API. */

/** What a test cares about; amounts in minor units. */
export interface Sold {
  id: string;
  at: string;
  product?: string;
  category?: string;
  quantity?: number;
  /** Price of a piece, minor units of a currency with two decimals. */
  price: number;
  currency?: string;
  method?: string;
}

/** Records a sale and waits for its outcome. Throws unless it was accepted. */
export const recordSale = (commandsUrl: string, sold: Sold) =>
  post(`${commandsUrl}/sales`, { saleId: sold.id, ...body(sold) });

/** Records a return and waits for its outcome. Throws unless it was accepted. */
export const recordReturn = (commandsUrl: string, sold: Sold) =>
  post(`${commandsUrl}/returns`, { returnId: sold.id, ...body(sold) });

/** Refunds all that is left of a sale and waits for the outcome. Throws unless it was accepted. */
export const refundSale = (commandsUrl: string, saleId: string, refundId: string, at: string) =>
  post(`${commandsUrl}/refunds`, { saleId, refundId, occurredAt: at, whole: true });

/** Voids a sale and waits for the outcome. Throws unless it was accepted. */
export const voidSale = (commandsUrl: string, saleId: string, at: string) =>
  post(`${commandsUrl}/voids`, { saleId, occurredAt: at });

function body({
  at,
  product = 'Mug',
  category = 'Kitchen',
  quantity = 1,
  price,
  currency = 'GBP',
  method = 'card',
}: Sold) {
  return {
    occurredAt: at,
    currency,
    channel: 'online',
    country: 'GB',
    lines: [{ productId: product.toLowerCase(), productName: product, category, quantity, unitPrice: price * 10_000 }],
    payments: [{ method, amount: price * quantity }],
  };
}

async function post(url: string, command: object): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(command),
  });
  const answer = await response.text();
  if (!response.ok || !answer.includes('"accepted"')) throw new Error(`${url} answered ${response.status}: ${answer}`);
}
