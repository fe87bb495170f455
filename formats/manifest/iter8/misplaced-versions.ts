import { isJsonObject } from '../../../core/text/json.ts';
import type { Path } from '../../document/issue.ts';
import { withoutNulls } from '../../document/without-nulls.ts';

/** A document as the schema requires it, and where its values were in the file. */
export interface Repaired {
  readonly value: unknown;
  /** Values that were moved: their paths in the file and in the repaired document. */
  readonly moved: readonly { readonly from: Path; readonly to: Path }[];
}

/**
 * Moves `baseline` and `candidates` under an empty `versionInfo` beside them, where iter8's tutorial has them by a slip of
 * indentation. Fields that are null are left out.
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

/** The path in the file of the value at `path` of the repaired document. */
export function originalPath(path: Path, { moved }: Repaired): Path {
  const move = moved.find(({ to }) => to.every((step, index) => path[index] === step));
  return move === undefined ? path : [...move.from, ...path.slice(move.to.length)];
}

function isFilled(versionInfo: unknown): boolean {
  return versionInfo !== undefined && !(isJsonObject(versionInfo) && Object.keys(versionInfo).length === 0);
}
