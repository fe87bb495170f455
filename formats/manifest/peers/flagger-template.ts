import { z } from 'zod';
import { escapeDollars, invalid, metadataField, namesNoVersion, namesNoVersionText } from './conversion.ts';
import { prometheusMetric, convertAs } from './conversion.ts';
import type { PeerConversion } from './conversion.ts';

// https://docs.flagger.app/usage/metrics: the variables of a query; under Knative `route` is the revision that is judged.

const templateField = z.looseObject({
  metadata: metadataField,
  spec: z.looseObject({
    provider: z.looseObject({ type: z.string(), address: z.string().optional(), secretRef: z.unknown().optional() }),
    query: z.string(),
  }),
});

interface Names {
  readonly namespace: string;
  readonly target: string;
}

/** A query with its variables as serin writes them, and those that it does not know. */
export function fillTemplate(
  query: string,
  { namespace, target }: Names,
): { readonly query: string; readonly unknown: readonly string[] } {
  const known: Readonly<Record<string, string>> = {
    namespace,
    target,
    service: target,
    route: '${revision}',
    interval: '${interval}',
  };
  const unknown = new Set<string>();
  const filled = query.replaceAll(/\{\{\s*([\w.]+)\s*\}\}/g, (written, name: string) => {
    const value = Object.hasOwn(known, name) ? known[name] : undefined;
    if (value === undefined) unknown.add(name);
    return value ?? written;
  });
  return { query: filled, unknown: [...unknown] };
}

/** @param users the Canaries of the same text that refer to it: from them it has its names */
export function convertMetricTemplate(value: unknown, users: readonly Names[]): PeerConversion {
  return convertAs(templateField, value, (template) => convertRead(template, users));
}

function convertRead({ metadata, spec }: z.output<typeof templateField>, users: readonly Names[]): PeerConversion {
  if (spec.provider.type !== 'prometheus') {
    return invalid(['spec', 'provider', 'type'], 'prometheus; write a Metric with `http` by hand', spec.provider.type);
  }
  const [user] = users;
  const isOne = new Set(users.map(({ namespace, target }) => `${namespace}/${target}`)).size === 1;
  const filled = fillTemplate(escapeDollars(spec.query), user ?? { namespace: '', target: '' });
  const needsUser = /\{\{\s*(?:namespace|target|service)\s*\}\}/.test(spec.query);
  if (needsUser && !isOne) {
    const expected = 'the one Canary that refers to it in the same file, for {{ namespace }} and {{ target }}';
    return invalid(['spec', 'query'], expected, user === undefined ? 'none' : 'several');
  }
  const at = ['spec', 'query'];
  const { address: url, secretRef } = spec.provider;
  return {
    kind: 'converted',
    objects: [prometheusMetric({ name: metadata.name, namespace: metadata.namespace }, { query: filled.query, url })],
    unfit: [
      ...filled.unknown.map((variable) => ({
        path: at,
        what: `{{ ${variable} }} stands for nothing here: write its value`,
      })),
      ...(namesNoVersion(filled.query) ? [{ path: at, what: namesNoVersionText }] : []),
      ...(secretRef === undefined
        ? []
        : [
            {
              path: ['spec', 'provider', 'secretRef'],
              what: 'left out: write the Metric with `http`, which has `auth`',
            },
          ]),
    ],
  };
}
