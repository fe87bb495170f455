import type { Report } from './report.ts';

/** The report, if it is one that this version can read. */
export function asReport(value: unknown): Report | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { schemaVersion, stage, weights }: { schemaVersion?: unknown; stage?: unknown; weights?: unknown } = value;
  const isReport = schemaVersion === 1 && typeof stage === 'string' && typeof weights === 'object';
  // The version names the shape, and additions to it are optional.
  return isReport ? (value as Report) : undefined;
}
