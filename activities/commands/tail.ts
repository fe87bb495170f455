/** Keeps the last bytes of an output that may be of any length. */
export class Tail {
  readonly #limitBytes: number;
  #chunks: Buffer[] = [];
  #keptBytes = 0;
  #isCut = false;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** Whether earlier output was dropped. */
  get isCut(): boolean {
    return this.#isCut;
  }

  append(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#keptBytes += chunk.length;
    // Joining only now and then keeps the cost of many small chunks linear.
    if (this.#keptBytes > 2 * this.#limitBytes) this.#cut();
  }

  toString(): string {
    this.#cut();
    return Buffer.concat(this.#chunks).toString('utf8');
  }

  #cut(): void {
    if (this.#keptBytes <= this.#limitBytes) return;
    const kept = Buffer.concat(this.#chunks).subarray(-this.#limitBytes);
    this.#chunks = [kept];
    this.#keptBytes = kept.length;
    this.#isCut = true;
  }
}
