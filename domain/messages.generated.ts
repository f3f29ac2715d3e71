// Generated from schemas/**/*.avsc by `npm run codegen`. Do not edit.

export interface SaleLineInput {
  /** Unique within its document. */
  lineId: string;
  productId: string;
  productName: string;
  category: string;
  /** Whole pieces, above 0; goods sold by weight are quantity 1. */
  quantity: number;
  /** Millionths of the currency unit. */
  unitPrice: number;
  /** Minor units, at most the line's gross. */
  discount: number;
}

export interface Payment {
  method: string;
  /** Minor units. */
  amount: number;
}

/** Record that a sale took place. */
export interface RecordSale {
  /** Names this attempt; one outcome for ever. The domain id unless the client gives one. */
  commandId: string;
  /** Redis channel on which the sender waits for the outcome. */
  replyTo: null | string;
  /** Domain id and record key. */
  saleId: string;
  /** When the sale took place. Milliseconds since 1970 UTC. */
  occurredAt: number;
  /** ISO 4217 code; every amount is in its minor units. */
  currency: string;
  /** Where it was sold, e.g. online, store. */
  channel: string;
  /** ISO 3166 alpha-2 code; ZZ when unknown. */
  country: string;
  /** Opaque id; never a name or an address. */
  customerId: null | string;
  lines: SaleLineInput[];
  /** Minor units. */
  shipping: number;
  /** Minor units, on top of net and shipping. */
  tax: number;
  /** How it was paid; adds up to the total. */
  payments: Payment[];
}

export interface ReturnLineInput {
  /** Unique within its document. */
  lineId: string;
  productId: string;
  productName: string;
  category: string;
  /** Whole pieces, above 0; goods sold by weight are quantity 1. */
  quantity: number;
  /** Millionths of the currency unit. */
  unitPrice: number;
}

/** Record that goods came back whose original sale is unknown. */
export interface RecordReturn {
  /** Names this attempt; one outcome for ever. The domain id unless the client gives one. */
  commandId: string;
  /** Redis channel on which the sender waits for the outcome. */
  replyTo: null | string;
  /** Domain id and record key. */
  returnId: string;
  /** When the goods came back. Milliseconds since 1970 UTC. */
  occurredAt: number;
  /** ISO 4217 code; every amount is in its minor units. */
  currency: string;
  /** Where it was sold, e.g. online, store. */
  channel: string;
  /** ISO 3166 alpha-2 code; ZZ when unknown. */
  country: string;
  /** Opaque id; never a name or an address. */
  customerId: null | string;
  lines: ReturnLineInput[];
  /** How it was given back; positive; adds up to the total. */
  payments: Payment[];
}

export interface SaleLine {
  /** Unique within its document. */
  lineId: string;
  productId: string;
  productName: string;
  category: string;
  /** Whole pieces, above 0; goods sold by weight are quantity 1. */
  quantity: number;
  /** Millionths of the currency unit. */
  unitPrice: number;
  /** quantity x unitPrice, rounded half up to minor units, once. */
  gross: number;
  /** Minor units, at most the line's gross. */
  discount: number;
}

/** A sale took place. */
export interface SaleRecorded {
  /** Offset at which the writer expects this event to land. The event is valid if and only if it sits there. */
  expectedOffset: number;
  /** Offset of the causing command in the same partition of the commands topic. */
  commandOffset: number;
  /** The attempt that caused this event. */
  commandId: string;
  /** Domain id and record key. */
  saleId: string;
  /** When the sale took place. Milliseconds since 1970 UTC. */
  occurredAt: number;
  /** ISO 4217 code; every amount is in its minor units. */
  currency: string;
  /** Where it was sold, e.g. online, store. */
  channel: string;
  /** ISO 3166 alpha-2 code; ZZ when unknown. */
  country: string;
  /** Opaque id; never a name or an address. */
  customerId: null | string;
  lines: SaleLine[];
  /** Minor units. */
  shipping: number;
  /** Minor units, on top of net and shipping. */
  tax: number;
  /** How it was paid; adds up to the total: gross - discounts + shipping + tax. */
  payments: Payment[];
}

export interface ReturnLine {
  /** Unique within its document. */
  lineId: string;
  productId: string;
  productName: string;
  category: string;
  /** Whole pieces, above 0; goods sold by weight are quantity 1. */
  quantity: number;
  /** Millionths of the currency unit. */
  unitPrice: number;
  /** quantity x unitPrice, rounded half up to minor units, once. */
  gross: number;
}

/** Goods came back and no original sale is known. Quantities and amounts are positive. */
export interface ReturnRecorded {
  /** Offset at which the writer expects this event to land. The event is valid if and only if it sits there. */
  expectedOffset: number;
  /** Offset of the causing command in the same partition of the commands topic. */
  commandOffset: number;
  /** The attempt that caused this event. */
  commandId: string;
  /** Domain id and record key. */
  returnId: string;
  /** When the goods came back. Milliseconds since 1970 UTC. */
  occurredAt: number;
  /** ISO 4217 code; every amount is in its minor units. */
  currency: string;
  /** Where it was sold, e.g. online, store. */
  channel: string;
  /** ISO 3166 alpha-2 code; ZZ when unknown. */
  country: string;
  /** Opaque id; never a name or an address. */
  customerId: null | string;
  lines: ReturnLine[];
  /** How it was given back; positive; adds up to the lines' gross. */
  payments: Payment[];
}

/** A command was refused, finally for its command id. */
export interface CommandRejected {
  /** Offset at which the writer expects this event to land. The event is valid if and only if it sits there. */
  expectedOffset: number;
  /** Offset of the causing command in the same partition of the commands topic. */
  commandOffset: number;
  /** The attempt that caused this event. */
  commandId: string;
  /** Stable reason, e.g. CONFLICT. */
  code: string;
  /** What was wrong and what to do, for a person. */
  detail: string;
}

export type Command =
  | { type: 'RecordSale'; data: RecordSale }
  | { type: 'RecordReturn'; data: RecordReturn };

export type Event =
  | { type: 'SaleRecorded'; data: SaleRecorded }
  | { type: 'ReturnRecorded'; data: ReturnRecorded }
  | { type: 'CommandRejected'; data: CommandRejected };

