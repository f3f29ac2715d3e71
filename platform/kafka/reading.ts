/** A partition of a topic as one member of a group reads it, from one assignment to the next. */
export interface Reading {
  topic: string;
  partition: number;
  /** The next offset to come; undefined until it is sought, and while it has halted: it is paused then. */
  expected: number | undefined;
  /** Below it there is nothing more to come: above `expected` where what is no record follows. */
  passed: number | undefined;
  /** Where a batch that started too high made us seek again. */
  soughtAgain: number | undefined;
  /** Paused by the caller: it stays so when it is sought. */
  held: boolean;
  halted: boolean;
  /** It had halted, is read again, and has not delivered yet. */
  onTrial: boolean;
  /** It could not be read on when the log was looked at. */
  suspect: boolean;
  /** It has delivered since. */
  delivered: boolean;
}

/** One that was just assigned. */
export function newReading(topic: string, partition: number): Reading {
  return {
    topic,
    partition,
    expected: undefined,
    passed: undefined,
    soughtAgain: undefined,
    held: false,
    halted: false,
    onTrial: false,
    suspect: false,
    delivered: false,
  };
}

/** What names it among those of one member. */
export function readingKey(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}
