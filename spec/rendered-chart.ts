import { z } from 'zod';
import type { TrafficEntry } from '../core/target.ts';
import { readDocuments } from './document.ts';
import { withoutNulls } from './without-nulls.ts';

/** A Knative Service as a chart renders it. */
export interface RenderedService {
  readonly name: string;
  /** Absent where the chart leaves it to the release. */
  readonly namespace?: string;
  /** `spec.template.metadata.name`; absent where the chart leaves the name to Knative. */
  readonly revision?: string;
  /** Of the first container, which is the app's; empty where there is none. */
  readonly image: string;
  /** Absent where the chart renders none, and Knative sends everything to the latest revision. */
  readonly traffic?: readonly TrafficEntry[];
}

const trafficEntry = z.object({
  revisionName: z.string().optional(),
  latestRevision: z.boolean().optional(),
  percent: z.number().optional(),
  tag: z.string().optional(),
});

const service = z.object({
  apiVersion: z.string().startsWith('serving.knative.dev/'),
  kind: z.literal('Service'),
  metadata: z.object({ name: z.string(), namespace: z.string().optional() }),
  spec: z.object({
    template: z
      .object({
        metadata: z.object({ name: z.string().optional() }).optional(),
        spec: z.object({ containers: z.array(z.object({ image: z.string().optional() })).optional() }).optional(),
      })
      .optional(),
    traffic: z.array(trafficEntry).optional(),
  }),
});

/**
 * Finds the Knative Services in the manifest that helm renders, YAML of many documents.
 *
 * @throws Error when the manifest is not YAML, which helm would not have accepted.
 */
export function readRenderedServices(manifest: string): readonly RenderedService[] {
  const reading = readDocuments(manifest, 'rendered chart', 'template');
  if (reading.kind === 'invalid') throw new Error(`the rendered chart is not YAML: ${reading.issues[0]?.got}`);
  return reading.documents.flatMap(({ value }) => {
    const { data } = service.safeParse(withoutNulls(value));
    return data === undefined ? [] : [renderedOf(data)];
  });
}

function renderedOf({ metadata, spec }: z.output<typeof service>): RenderedService {
  const { name, namespace } = metadata;
  const revision = spec.template?.metadata?.name;
  const [container] = spec.template?.spec?.containers ?? [];
  const traffic = (spec.traffic ?? []).map(entryOf);
  return {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(revision === undefined ? {} : { revision }),
    image: container?.image ?? '',
    ...(traffic.length === 0 ? {} : { traffic }),
  };
}

function entryOf({ revisionName, latestRevision, percent, tag }: z.output<typeof trafficEntry>): TrafficEntry {
  return {
    ...(revisionName === undefined ? {} : { revisionName }),
    ...(latestRevision === undefined ? {} : { latestRevision }),
    ...(percent === undefined ? {} : { percent }),
    ...(tag === undefined ? {} : { tag }),
  };
}
