import { z } from 'zod';
import { mappingField, choiceField, parsed, targetName } from '../../document/fields.ts';
import { showValue } from '../../document/issue.ts';
import type { ValueIssue } from '../../document/zod-issues.ts';

/** The field path as iter8's manifests have it: a JSON path or a JSON pointer. */
const fieldPath = parsed('the percent of a traffic entry, such as .spec.traffic[0].percent', (value) => {
  if (typeof value !== 'string') return undefined;
  const isPath = /^\.spec\.traffic\[\d+\]\.percent$/.test(value) || /^\/spec\/traffic\/\d+\/percent$/.test(value);
  return isPath ? value : undefined;
});

const servingVersion = 'serving.knative.dev/v1';
const knativeService = 'a Knative Service (serin moves no traffic of other objects)';

/**
 * The field to which iter8 wrote a version's weight. It is checked but not used: traffic entries are found by the versions'
 * revisions, in any order.
 */
export const weightObjRefField = mappingField({
  apiVersion: parsed(`${servingVersion}, of ${knativeService}`, (value) =>
    value === servingVersion ? value : undefined,
  ),
  kind: choiceField(['Service']),
  name: parsed('the name of the target', (value) => (typeof value === 'string' ? value : undefined)),
  namespace: parsed('the namespace of the target', (value) =>
    typeof value === 'string' ? value : undefined,
  ).optional(),
  fieldPath: fieldPath.optional(),
  uid: z.unknown().optional(),
  resourceVersion: z.unknown().optional(),
});

/**
 * The parts of a manifest that name the target and the objects with weights; other objects than Knative Services are refused
 * by their kind.
 */
const service = z.object({
  apiVersion: z.literal(servingVersion),
  kind: z.literal('Service'),
  name: z.string().optional(),
  namespace: z.string().optional(),
});
const version = z.object({ weightObjRef: service.optional() }).catch({});
const sketch = z.object({
  metadata: z.object({ namespace: z.string().optional() }).catch({}),
  spec: z.object({
    target: targetName,
    versionInfo: z.object({ baseline: version, candidates: z.array(version).catch([]) }),
  }),
});

/** Refuses references to another object than the target, the only one whose traffic is split. */
export function checkWeightObjRefs(manifest: unknown): ValueIssue[] {
  const reading = sketch.safeParse(manifest);
  if (!reading.success) return [];
  const { metadata, spec } = reading.data;
  const { baseline, candidates } = spec.versionInfo;
  const target = { namespace: metadata.namespace ?? 'default', ...spec.target };
  const places = [['baseline'], ...candidates.map((_, index) => ['candidates', index])];
  return [baseline, ...candidates].flatMap(({ weightObjRef = {} }, index) =>
    (['name', 'namespace'] as const).flatMap((field) => {
      const given = weightObjRef[field];
      if (given === undefined || given === target[field]) return [];
      const path = ['spec', 'versionInfo', ...(places[index] ?? []), 'weightObjRef', field];
      const expected = `the ${field} of the target, ${target[field]}`;
      return [{ path, atKey: false, expected, got: showValue(given) }];
    }),
  );
}
