/** The refused attempts under one key: an immutable list that grows and is searched at the same cost however long it is. */
import type { CommandRejected } from './messages.generated.ts';
import type { Recorded } from './state.ts';

interface Shared {
  entries: Recorded<CommandRejected>[];
  indexById: Map<string, number>;
}

/**
 * Lists that grew from one another share their entries; each knows how many of them are its own. One that grows from the
 * middle of a longer one copies.
 */
export class Rejections {
  readonly length: number;
  readonly #shared: Shared;

  private constructor(shared: Shared, length: number) {
    this.#shared = shared;
    this.length = length;
  }

  static readonly none = new Rejections({ entries: [], indexById: new Map() }, 0);

  /** The refusal of a command id, if there is one. */
  find(commandId: string): Recorded<CommandRejected> | undefined {
    const index = this.#shared.indexById.get(commandId);
    return index === undefined || index >= this.length ? undefined : this.#shared.entries[index];
  }

  /** This list with one more. */
  with(refused: Recorded<CommandRejected>): Rejections {
    const isNewest = this.length > 0 && this.#shared.entries.length === this.length;
    const shared = isNewest ? this.#shared : this.#copy();
    shared.indexById.set(refused.content.commandId, this.length);
    shared.entries.push(refused);
    return new Rejections(shared, this.length + 1);
  }

  [Symbol.iterator](): Iterator<Recorded<CommandRejected>> {
    return this.#shared.entries.slice(0, this.length)[Symbol.iterator]();
  }

  #copy(): Shared {
    const entries = this.#shared.entries.slice(0, this.length);
    return { entries, indexById: new Map(entries.map(({ content }, index) => [content.commandId, index])) };
  }
}
