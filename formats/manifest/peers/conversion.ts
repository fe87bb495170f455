import { z } from 'zod';
import type { Path } from '../../document/issue.ts';
import { translateIssues } from '../../document/zod-issues.ts';
import type { ValueIssue } from '../../document/zod-issues.ts';

/** Something in a peer's object that serin has no field for, or that means something else here. */
export interface Unfit {
  readonly path: Path;
  /** What becomes of it, and what to do instead. */
  readonly what: string;
}

/** An object of a peer as objects of serin, with what does not fit; or why it is not converted at all. */
export type PeerConversion =
  | { readonly kind: 'converted'; readonly objects: readonly object[]; readonly unfit: readonly Unfit[] }
  | { readonly kind: 'invalid'; readonly issues: readonly ValueIssue[] };

/** Converts an object of a peer that has these fields; others, that no conversion looks at, are ignored. */
export function convertAs<T>(
  field: z.ZodType<T>,
  value: unknown,
  convert: (object: T) => PeerConversion,
): PeerConversion {
  const { data, error } = field.safeParse(value);
  return error === undefined ? convert(data) : { kind: 'invalid', issues: translateIssues(error, value) };
}

/** A mistake at one place. */
export function invalid(path: Path, expected: string, got: string): PeerConversion {
  return { kind: 'invalid', issues: [{ path: [...path], atKey: false, expected, got }] };
}

export const metadataField = z.looseObject({
  name: z.string(),
  namespace: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
});

/** A range of good values, as an objective has it. */
export interface Range {
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

/** An objective for each limit: the test with error bounds has one limit an objective. */
export function objectivesOf(metric: string, { min, max }: Range): readonly object[] {
  return [...(max === undefined ? [] : [{ metric, max }]), ...(min === undefined ? [] : [{ metric, min }])];
}

/** A Metric of serin's form that asks Prometheus. */
export function prometheusMetric(
  metadata: { readonly name: string; readonly namespace?: string | undefined },
  prometheus: { readonly query: string; readonly url?: string | undefined },
): object {
  return { apiVersion: 'serin.dev/v1alpha1', kind: 'Metric', metadata, spec: { prometheus } };
}

/** An Experiment of serin's form. */
export function nativeExperiment(metadata: object, spec: object): object {
  return { apiVersion: 'serin.dev/v1alpha1', kind: 'Experiment', metadata, spec };
}

/** A text of a peer in which a dollar is a dollar, for a template of serin. */
export function escapeDollars(text: string): string {
  return text.replaceAll('$', '$$$$');
}

/** Whether both versions would get the same value: nothing in the query tells them apart. */
export function namesNoVersion(query: string): boolean {
  const placeholders = query.replaceAll('$$', '').matchAll(/\$\{?([A-Za-z_]\w*)/g);
  return [...placeholders].every(([, name]) => name === 'interval' || name === 'elapsedTime');
}

export const namesNoVersionText =
  'its query names no revision, so that both versions would get one value: tell them apart by $revision';
