import { z } from 'zod';
import type { Path } from '../../document/issue.ts';
import { escapeDollars, leftOut, metadataField, takenOver } from './conversion.ts';
import type { Unfit } from './conversion.ts';

// https://docs.flagger.app/usage/metrics: the variables of a query; under Knative `route` is the revision that is judged.

const templateField = z.looseObject({
  apiVersion: z.string().startsWith('flagger.app/'),
  kind: z.literal('MetricTemplate'),
  metadata: metadataField,
  spec: z.looseObject({
    provider: z.looseObject({ type: z.string(), address: z.string().optional() }),
    query: z.string(),
  }),
});

/** A MetricTemplate of Flagger. */
export type MetricTemplate = z.output<typeof templateField>;

/** Undefined for anything else. */
export function readMetricTemplate(value: unknown): MetricTemplate | undefined {
  return templateField.safeParse(value).data;
}

/** What the variables of a query stand for. */
export interface TemplateNames {
  readonly namespace: string;
  readonly target: string;
  readonly variables?: Readonly<Record<string, string>> | undefined;
}

/** A query of Flagger as serin writes it; what stands for nothing stays. */
export function fillQuery(query: string, { namespace, target, variables = {} }: TemplateNames): string {
  const known: Readonly<Record<string, string>> = {
    namespace: escapeDollars(namespace),
    target: escapeDollars(target),
    service: escapeDollars(target),
    route: '${revision}',
    interval: '${interval}',
  };
  return escapeDollars(query).replaceAll(/\{\{-?\s*([\w.-]+?)\s*-?\}\}/g, (written, name: string) => {
    const [, variable] = /^variables\.(.+)$/.exec(name) ?? [];
    if (variable !== undefined && Object.hasOwn(variables, variable)) return escapeDollars(variables[variable] ?? '');
    return (Object.hasOwn(known, name) ? known[name] : undefined) ?? written;
  });
}

/** What of a MetricTemplate does not fit, at places below the metric that refers to it. */
export function templateProblems({ spec: { provider } }: MetricTemplate, path: Path): readonly Unfit[] {
  const byHand = 'left out: a Metric with `http` has `auth` and `headers`';
  const fates = { type: takenOver, address: takenOver, secretRef: byHand, headers: byHand, insecureSkipVerify: byHand };
  return leftOut(provider, path, fates);
}
