/** What a load generator sent and what it was answered, as small as can be: millions of these are kept. */

/** Milliseconds since 1970 UTC, with fractions: comparable with the broker's clock when it runs on this machine. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

export interface Sent {
  saleId: string;
  /** When it was sent, or when it was due if that was earlier. */
  at: number;
  answeredAt: number;
  partition: number;
  offset: number;
}

/** Reads an answer of the command API. Throws when it is not the first acceptance of the command. */
export function readAnswer(text: string): { partition: number; offset: number } {
  const position = /"position":"(\d+):(\d+)"/.exec(text);
  if (!position || !text.includes('"outcome":"accepted"') || !text.includes('"repeated":false')) {
    throw new Error(`a sale was not accepted: ${text.slice(0, 500)}`);
  }
  return { partition: Number(position[1]), offset: Number(position[2]) };
}
