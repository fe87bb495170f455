/** Thrown inside this folder when an interval has no metrics; `measure` returns it as data. */
export class Unmeasured extends Error {
  override readonly name = 'Unmeasured';
  /** `blind`: nothing is known, ask again later; `error`: the answer cannot be used. */
  readonly kind: 'blind' | 'error';

  constructor(kind: 'blind' | 'error', reason: string) {
    super(reason);
    this.kind = kind;
  }
}
