import { constants, gunzipSync, gzipSync } from 'node:zlib';

/** Bytes of a record that is unpacked; packed it fits into an object of the cluster, which says little. */
const maxOutputLength = 64 * 1024 * 1024;

/** The name of the Secret in which helm keeps a revision of a release (helm.sh/helm/v3/pkg/storage/driver). */
export function recordName(release: string, revision: number): string {
  return `sh.helm.release.v1.${release}.v${revision}`;
}

/** A release record as helm stores it; everything that is not named here is kept as it is. */
export interface ReleaseRecord {
  readonly info: { readonly status: string; readonly description?: string };
}

/** Reads `data.release` of the Secret: base64 by Kubernetes, base64 by helm, gzip, JSON. Fails when it holds no record. */
export function decodeRecord(data: string): ReleaseRecord {
  const packed = Buffer.from(Buffer.from(data, 'base64').toString('latin1'), 'base64');
  // Very old records are not compressed; helm recognizes the others by gzip's magic number, too.
  const isPacked = packed[0] === 0x1f && packed[1] === 0x8b;
  const record: unknown = JSON.parse((isPacked ? gunzipSync(packed, { maxOutputLength }) : packed).toString('utf8'));
  if (isRecord(record)) return record;
  throw new Error('the Secret holds no release record of helm');
}

/** The bytes that the data of a Secret may have (`MaxSecretSize` of Kubernetes). */
const secretLimitBytes = 1024 * 1024;

/** The bytes of the Secret in which helm would keep the release, which it prints as it keeps it: JSON, gzip, base64. */
export function recordBytes(release: object): number {
  const packed = gzipSync(JSON.stringify(release), { level: constants.Z_BEST_COMPRESSION }).length;
  return Math.ceil(packed / 3) * 4;
}

/** Why helm could not keep a record of so many bytes; undefined when it can. */
export function recordProblem(bytes: number): string | undefined {
  if (bytes <= secretLimitBytes) return undefined;
  // In steps: the values of the versions make a difference of a few bytes.
  const found = Math.ceil(bytes / 10_240) * 10;
  const limit = secretLimitBytes / 1024;
  const why = `helm could not keep the release: its record takes about ${found} KiB, and a Secret has at most ${limit} KiB`;
  return `${why}; make the chart or its values smaller (.helmignore leaves files out)`;
}

/** Packs a record as `data.release` of the Secret, the inverse of `decodeRecord`. */
export function encodeRecord(record: ReleaseRecord): string {
  const packed = gzipSync(JSON.stringify(record)).toString('base64');
  return Buffer.from(packed, 'latin1').toString('base64');
}

function isRecord(record: unknown): record is ReleaseRecord {
  if (typeof record !== 'object' || record === null || !('info' in record)) return false;
  return typeof record.info === 'object' && record.info !== null && 'status' in record.info;
}
