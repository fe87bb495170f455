/** A right, as `kubectl auth can-i` asks for it; an empty namespace is all of them. */
export interface AccessRight {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly namespace: string;
}
