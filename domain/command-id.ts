/** Names of attempts. */

/** The names that attempts have when their clients give none, one for each domain id: no two of them are the same. */
export const defaultCommandIds = {
  sale: (saleId: string): string => (saleId.includes(':') ? `sale:${escaped(saleId)}` : saleId),
  return: (returnId: string): string => `return:${escaped(returnId)}`,
  refund: (saleId: string, refundId: string): string => `refund:${escaped(saleId)}:${escaped(refundId)}`,
  void: (saleId: string): string => `void:${escaped(saleId)}`,
};

/** Whether a text could be a command's place, "partition:offset": refusals are kept under it, and no client may use it. */
export function looksLikePlace(commandId: string): boolean {
  return /^\d+:\d+$/.test(commandId);
}

function escaped(id: string): string {
  return id.includes(':') || id.includes('%') ? id.replaceAll('%', '%25').replaceAll(':', '%3A') : id;
}
