import { isJsonObject } from '../../../core/text/json.ts';
import type { Path } from '../../document/issue.ts';
import { withoutNulls } from '../../document/without-nulls.ts';

/** A document as the schema wants it, and where its values stood before. */
export interface Repaired {
  readonly value: unknown;
  /** Values that were moved, by their place in the file. */
  readonly moved: readonly { readonly from: Path; readonly to: Path }[];
}

/**
 * iter8's tutorial has `baseline` and `candidates` beside an empty `versionInfo` by a slip of indentation: they are moved
 * under it. Fields that are null are left out.
 */
export function repair(document: unknown): Repaired {
  const value = withoutNulls(document);
  const spec = isJsonObject(value) ? value['spec'] : undefined;
  if (!isJsonObject(value) || !isJsonObject(spec) || isFilled(spec['versionInfo'])) return { value, moved: [] };
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

function isFilled(versionInfo: unknown): boolean {
  return versionInfo !== undefined && !(isJsonObject(versionInfo) && Object.keys(versionInfo).length === 0);
}
