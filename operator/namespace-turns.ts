/** Items that wait, taken from one namespace after another: many of one namespace delay another's next item by one turn. */
export class NamespaceTurns<T> {
  readonly #namespaceOf: (item: T) => string;
  /** In the order of their turns. */
  readonly #waiting = new Map<string, Set<T>>();

  constructor(namespaceOf: (item: T) => string) {
    this.#namespaceOf = namespaceOf;
  }

  /** Adds the item behind those of its namespace; one that waits already keeps its place. */
  add(item: T): void {
    const namespace = this.#namespaceOf(item);
    const items = this.#waiting.get(namespace) ?? new Set();
    this.#waiting.set(namespace, items.add(item));
  }

  has(item: T): boolean {
    return this.#waiting.get(this.#namespaceOf(item))?.has(item) === true;
  }

  delete(item: T): void {
    const namespace = this.#namespaceOf(item);
    const items = this.#waiting.get(namespace);
    items?.delete(item);
    if (items?.size === 0) this.#waiting.delete(namespace);
  }

  clear(): void {
    this.#waiting.clear();
  }

  /** Takes the first item that is ready of the first namespace that has one; that namespace is the last in turn then. */
  take(isReady: (item: T) => boolean = () => true): T | undefined {
    for (const [namespace, items] of this.#waiting) {
      const item = findFirst(items, isReady);
      if (item === undefined) continue;
      this.#waiting.delete(namespace);
      items.delete(item);
      if (items.size > 0) this.#waiting.set(namespace, items);
      return item;
    }
    return undefined;
  }
}

function findFirst<T>(items: Iterable<T>, isWanted: (item: T) => boolean): T | undefined {
  for (const item of items) if (isWanted(item)) return item;
  return undefined;
}
