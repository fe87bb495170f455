/** The depth below which values stay as they are: nothing that serin reads is deeper. */
const deepest = 20;

/**
 * A document without the fields that are null: as in Kubernetes they count as absent. Copies every value once, since
 * YAML's aliases can repeat a value without end, or put it into itself.
 */
export function withoutNulls(value: unknown, depth = 0, copies = new Map<unknown, unknown>()): unknown {
  if (typeof value !== 'object' || value === null || depth > deepest) return value;
  const known = copies.get(value);
  if (known !== undefined) return known;
  // Without a prototype, so that `__proto__` is a field like any other.
  const copy: unknown[] | Record<string, unknown> = Array.isArray(value) ? [] : Object.create(null);
  copies.set(value, copy);
  for (const [key, inner] of Object.entries(value)) {
    const copied = withoutNulls(inner, depth + 1, copies);
    if (Array.isArray(copy)) copy.push(copied);
    else if (inner !== null) copy[key] = copied;
  }
  return copy;
}
