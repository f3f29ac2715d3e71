import type { GapsResult } from '../api/queries.ts';
import { formatCount } from '../format/numbers.ts';

/** A few words for the reader, and the rest for whoever looks after the system. */
export interface Notice {
  text: string;
  detail: string;
}

/** What the reader must know before trusting the figures; nothing when they are whole. */
export function noticesOf({ notIncluded, halts }: GapsResult['pipeline']): Notice[] {
  const notices: Notice[] = [];
  if (notIncluded > 0) {
    notices.push({
      text: notIncluded === 1 ? '1 event not included' : `${formatCount(notIncluded)} events not included`,
      detail: 'Events that could not be counted were set aside. “bin/sales dlq list” names them.',
    });
  }
  const [first, ...others] = halts;
  if (first) {
    notices.push({
      text: others.length > 0 ? `${halts.length} partitions stand still` : `Partition ${first.partition} stands still`,
      detail: halts.map(({ partition, reason, detail }) => `Partition ${partition}: ${detail} (${reason})`).join('\n'),
    });
  }
  return notices;
}
