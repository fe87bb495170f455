/** A right, as `kubectl auth can-i` asks for it; an empty namespace stands for all. */
export interface AccessRight {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly namespace: string;
  /** The one object that it is about; absent: all of the resource. */
  readonly name?: string;
}
