/**
 * The latest value of each key, in the order of change: gives what changed since a version at a cost of what changed,
 * and holds no history. Versions only grow.
 */
export class Latest<T> {
  readonly #values = new Map<string, { value: T; version: number }>();
  /** Changes, oldest first. One is outdated when its key has changed again or gone. */
  #changes: { key: string; version: number }[] = [];

  get size(): number {
    return this.#values.size;
  }

  get(key: string): T | undefined {
    return this.#values.get(key)?.value;
  }

  set(key: string, value: T, version: number): void {
    const known = this.#values.get(key);
    this.#values.set(key, { value, version });
    if (known?.version === version) return;
    this.#changes.push({ key, version });
    if (this.#changes.length > 2 * this.#values.size + 64) this.#compact();
  }

  delete(key: string): void {
    this.#values.delete(key);
  }

  keys(): IterableIterator<string> {
    return this.#values.keys();
  }

  /** Values that changed after `version`, the last changed first. */
  *since(version: number): Generator<T> {
    for (let index = this.#changes.length - 1; index >= 0; index -= 1) {
      const change = this.#changes[index];
      if (!change || change.version <= version) return;
      const known = this.#values.get(change.key);
      if (known?.version === change.version) yield known.value;
    }
  }

  #compact(): void {
    this.#changes = this.#changes.filter(({ key, version }) => this.#values.get(key)?.version === version);
  }
}
