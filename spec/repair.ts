import type { Path } from './issue.ts';

/** A document as the schema wants it, and where its values stood before. */
export interface Repaired {
  readonly value: unknown;
  /** Values that were moved, by their place in the file. */
  readonly moved: readonly { readonly from: Path; readonly to: Path }[];
}

/**
 * iter8's tutorial has `baseline` and `candidates` beside an empty `versionInfo` by a slip of indentation: they are moved
 * under it. Fields that are null count as absent, as they do for Kubernetes.
 */
export function repair(document: unknown): Repaired {
  const value = withoutNulls(document);
  const spec = isMapping(value) ? value['spec'] : undefined;
  if (!isMapping(value) || !isMapping(spec) || isFilled(spec['versionInfo'])) return { value, moved: [] };
  const misplaced = ['baseline', 'candidates'].filter((key) => spec[key] !== undefined);
  if (misplaced.length === 0) return { value, moved: [] };
  const versionInfo = Object.fromEntries(misplaced.map((key) => [key, spec[key]]));
  const others = Object.entries(spec).filter(([key]) => !misplaced.includes(key));
  return {
    value: { ...value, spec: { ...Object.fromEntries(others), versionInfo } },
    moved: misplaced.map((key) => ({ from: ['spec', key], to: ['spec', 'versionInfo', key] })),
  };
}

/** Where the value at `path` of the repaired document stands in the file. */
export function originalPath(path: Path, { moved }: Repaired): Path {
  const move = moved.find(({ to }) => to.every((step, index) => path[index] === step));
  return move === undefined ? path : [...move.from, ...path.slice(move.to.length)];
}

type Mapping = Readonly<Record<string, unknown>>;

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isFilled(versionInfo: unknown): boolean {
  return versionInfo !== undefined && !(isMapping(versionInfo) && Object.keys(versionInfo).length === 0);
}

/** No manifest is deeper; what lies below stays as it is, and is refused where it hangs. */
const deepest = 20;

/** Copies every value once, since YAML's aliases can repeat a value without end, or put it into itself. */
function withoutNulls(value: unknown, depth = 0, copies = new Map<unknown, unknown>()): unknown {
  if (typeof value !== 'object' || value === null || depth > deepest) return value;
  const known = copies.get(value);
  if (known !== undefined) return known;
  // Without a prototype, so that `__proto__` is a field like any other.
  const copy: unknown[] | Record<string, unknown> = Array.isArray(value) ? [] : Object.create(null);
  copies.set(value, copy);
  const copyOf = (inner: unknown): unknown => withoutNulls(inner, depth + 1, copies);
  if (Array.isArray(copy)) copy.push(...Object.values(value).map(copyOf));
  else for (const [key, inner] of Object.entries(value)) if (inner !== null) copy[key] = copyOf(inner);
  return copy;
}
