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

/** Converts an object of a peer that has these fields; others are looked at by `unknownFields`. */
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

/** The fate of a field of which a conversion makes something. */
export const takenOver = undefined;

/** What becomes of each field of a mapping: what is said of one that is not taken over. */
export type Fates = Readonly<Record<string, string | undefined>>;

/** The fields of a mapping that are not taken over, each with what becomes of it; those that nobody knows too. */
export function leftOut(mapping: Readonly<Record<string, unknown>>, path: Path, fates: Fates): readonly Unfit[] {
  return Object.entries(mapping).flatMap(([key, value]): Unfit[] => {
    if (value === undefined || value === null || value === false) return [];
    const what = Object.hasOwn(fates, key) ? fates[key] : 'left out: no conversion knows this field';
    return what === undefined ? [] : [{ path: [...path, key], what }];
  });
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

/** The name of the Metric that is made for a check of an object: of these two alone, and as Kubernetes takes it. */
export function metricName(owner: string, check: string): string {
  const word = check
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
  return `${owner}-${word}`.slice(0, 63).replace(/-$/, '');
}

/** A text of a peer in which a dollar is a dollar, for a template of serin. */
export function escapeDollars(text: string): string {
  return text.replaceAll('$', '$$$$');
}

/** What is wrong with a query as serin's template: what nobody has filled in, or that nothing in it tells the versions apart. */
export function queryProblems(query: string, path: Path): readonly Unfit[] {
  const open = new Set(query.match(/\{\{[^}]*\}\}/g));
  const placeholders = query.replaceAll('$$', '').matchAll(/\$\{?([A-Za-z_]\w*)/g);
  const isSame = [...placeholders].every(([, name]) => name === 'interval' || name === 'elapsedTime');
  return [
    ...[...open].map((written) => ({ path, what: `${written} stands for nothing here: write its value` })),
    ...(isSame
      ? [{ path, what: 'names no revision, so that both versions get one value: tell them apart by $revision' }]
      : []),
  ];
}
