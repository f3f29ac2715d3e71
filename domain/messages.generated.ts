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

export interface RefundLineInput {
  /** A line of the sale. */
  lineId: string;
  /** Whole pieces that are refunded, above 0. */
  quantity: number;
}

/** Give back a recorded sale or a part of it: exactly one of whole, lines and amount. */
export interface RefundSale {
  /** Names this attempt; one outcome for ever. A name made of the domain ids unless the client gives one. */
  commandId: string;
  /** Redis channel on which the sender waits for the outcome. */
  replyTo: null | string;
  /** The sale that is refunded; record key. */
  saleId: string;
  /** Domain id of the refund within its sale. */
  refundId: string;
  /** When it was refunded. Milliseconds since 1970 UTC. */
  occurredAt: number;
  /** All that is left of the sale, with shipping and tax. */
  whole: boolean;
  /** Pieces of these lines, each at its share of what is left of its line. */
  lines: null | RefundLineInput[];
  /** Minor units, spread over what is left of all lines in proportion. */
  amount: null | number;
  /** Minor units of shipping given back beside lines or amount. */
  shipping: number;
  /** Minor units of tax given back beside lines or amount. */
  tax: number;
  /** How it is given back; adds up to the refund. In proportion to what is left of the sale's payments when null. */
  payments: null | Payment[];
}

/** Take back a sale that was a mistake. */
export interface VoidSale {
  /** Names this attempt; one outcome for ever. A name made of the domain ids unless the client gives one. */
  commandId: string;
  /** Redis channel on which the sender waits for the outcome. */
  replyTo: null | string;
  /** The sale that is voided; record key. */
  saleId: string;
  /** When it was voided. Milliseconds since 1970 UTC. */
  occurredAt: number;
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

export interface RefundLine {
  lineId: string;
  productId: string;
  productName: string;
  category: string;
  /** Pieces given back; 0 when the refund is by amount. */
  quantity: number;
  /** Net minor units given back, not negative. */
  amount: number;
}

export interface RefundRequest {
  /** All that is left of the sale, with shipping and tax. */
  whole: boolean;
  /** Pieces of these lines, each at its share of what is left of its line. */
  lines: null | RefundLineInput[];
  /** Minor units, spread over what is left of all lines in proportion. */
  amount: null | number;
  /** Minor units of shipping given back beside lines or amount. */
  shipping: number;
  /** Minor units of tax given back beside lines or amount. */
  tax: number;
  /** How it is given back; adds up to the refund. In proportion to what is left of the sale's payments when null. */
  payments: null | Payment[];
}

/** A recorded sale or a part of it was given back. All amounts are positive. */
export interface SaleRefunded {
  /** Offset at which the writer expects this event to land. The event is valid if and only if it sits there. */
  expectedOffset: number;
  /** Offset of the causing command in the same partition of the commands topic. */
  commandOffset: number;
  /** The attempt that caused this event. */
  commandId: string;
  /** The sale that is refunded; record key. */
  saleId: string;
  /** Domain id of the refund within its sale. */
  refundId: string;
  /** When it was refunded: the refund counts on this date. Milliseconds since 1970 UTC. */
  occurredAt: number;
  /** When the sale took place. Milliseconds since 1970 UTC. */
  soldAt: number;
  /** ISO 4217 code; every amount is in its minor units. */
  currency: string;
  /** Of the sale. */
  channel: string;
  /** Of the sale: ISO 3166 alpha-2 code; ZZ when unknown. */
  country: string;
  /** Of the sale: an opaque id. */
  customerId: null | string;
  /** What is given back of each line that is concerned. */
  lines: RefundLine[];
  /** Minor units of shipping given back. */
  shipping: number;
  /** Minor units of tax given back. */
  tax: number;
  /** How it is given back; positive; adds up to lines + shipping + tax. */
  payments: Payment[];
  /** What was asked for, so that a repeat can be told from another request. */
  request: RefundRequest;
}

/** A sale was a mistake: everything of it is taken back on its own date. */
export interface SaleVoided {
  /** Offset at which the writer expects this event to land. The event is valid if and only if it sits there. */
  expectedOffset: number;
  /** Offset of the causing command in the same partition of the commands topic. */
  commandOffset: number;
  /** The attempt that caused this event. */
  commandId: string;
  /** The sale that is voided; record key. */
  saleId: string;
  /** When it was voided. Milliseconds since 1970 UTC. */
  occurredAt: number;
  /** When the sale took place: the void takes it back on this date. Milliseconds since 1970 UTC. */
  soldAt: number;
  /** ISO 4217 code; every amount is in its minor units. */
  currency: string;
  /** Of the sale. */
  channel: string;
  /** Of the sale: ISO 3166 alpha-2 code; ZZ when unknown. */
  country: string;
  /** Of the sale: an opaque id. */
  customerId: null | string;
  /** The sale's lines. */
  lines: SaleLine[];
  /** The sale's, in minor units. */
  shipping: number;
  /** The sale's, in minor units. */
  tax: number;
  /** The sale's payments. */
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
  | { type: 'RecordReturn'; data: RecordReturn }
  | { type: 'RefundSale'; data: RefundSale }
  | { type: 'VoidSale'; data: VoidSale };

export type Event =
  | { type: 'SaleRecorded'; data: SaleRecorded }
  | { type: 'ReturnRecorded'; data: ReturnRecorded }
  | { type: 'SaleRefunded'; data: SaleRefunded }
  | { type: 'SaleVoided'; data: SaleVoided }
  | { type: 'CommandRejected'; data: CommandRejected };

