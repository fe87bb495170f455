import { isDeepStrictEqual } from 'node:util';
import { isJsonObject } from '../../core/text/json.ts';

/** One place in which two documents differ. */
export interface JsonDifference {
  /** `containers[0].image`; empty for the documents themselves. */
  readonly path: string;
  readonly found: unknown;
  readonly wanted: unknown;
}

/** Where two documents differ, in the order of the first's keys. Empty lists and objects equal absent ones, as in Kubernetes. */
export function jsonDifferences(found: unknown, wanted: unknown, path = ''): readonly JsonDifference[] {
  if (isEmpty(found) && isEmpty(wanted)) return [];
  if (isJsonObject(found) && isJsonObject(wanted)) {
    const keys = [...new Set([...Object.keys(found), ...Object.keys(wanted)])];
    return keys.flatMap((key) => jsonDifferences(found[key], wanted[key], path === '' ? key : `${path}.${key}`));
  }
  if (Array.isArray(found) && Array.isArray(wanted) && found.length === wanted.length) {
    return found.flatMap((item: unknown, index) => jsonDifferences(item, wanted[index], `${path}[${index}]`));
  }
  return isDeepStrictEqual(found, wanted) ? [] : [{ path, found, wanted }];
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return typeof value === 'object' && Object.values(value).every(isEmpty);
}
