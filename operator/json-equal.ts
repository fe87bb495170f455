import { isDeepStrictEqual } from 'node:util';

/** Whether two values are the same once they have been through JSON, which knows no `undefined` and no `-0`. */
export function isJsonEqual(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(plain(a), plain(b));
}

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
