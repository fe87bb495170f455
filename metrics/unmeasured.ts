/** Thrown inside this folder when an interval has no metrics; `measure` returns it as data. */
export class Unmeasured extends Error {
  override readonly name = 'Unmeasured';
  /** `blind`: nothing is known, ask again later; `error`: the answer cannot be used. */
  readonly kind: 'blind' | 'error';
  /** Whether the next answer may be one that can be used, although nobody changes anything. */
  readonly mayPass: boolean;

  constructor(kind: 'blind' | 'error', reason: string, { mayPass = kind === 'blind' } = {}) {
    super(reason);
    this.kind = kind;
    this.mayPass = mayPass;
  }
}
