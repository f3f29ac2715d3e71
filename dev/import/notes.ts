/** What an import says about lines that did not become part of a command. */

/** Lines that are no sales or returns by nature: reported, and nothing to put right. */
export const skipReasons = {
  stock_movement: 'stock movement (quantity 0 or less, not a return)',
  no_price: 'no price (0 or less)',
  bad_debt: 'bad debt (invoice starts with A)',
  not_a_return: 'not a return (C-invoice with a quantity above 0 or a negative price)',
} as const;

/** Lines that could not be imported: worth a look, and the import ends with a non-zero exit code. */
export const faultReasons = {
  bad_line: 'cannot be read',
  held_back: 'held back: the file breaks off in or after their invoice',
  rejected: 'refused by the command side',
} as const;

export type SkipReason = keyof typeof skipReasons;
export type FaultReason = keyof typeof faultReasons;

/** One line of the file, and why it is not in the log. */
export interface Note {
  line: number;
  /** As written in the file; empty when the line has none. */
  invoice: string;
  reason: SkipReason | FaultReason;
  detail: string;
}
