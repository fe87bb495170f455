import { z } from 'zod';
import type { TrafficEntry } from '../core/traffic/target.ts';
import { readDocuments } from './document/document.ts';
import { withoutNulls } from './document/without-nulls.ts';
import { defined } from '../core/text/defined.ts';

/** An object as a chart renders it. */
export interface RenderedObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  /** Absent where the chart leaves it to the release, and for objects of the whole cluster. */
  readonly namespace?: string;
}

/** A Knative Service as a chart renders it. */
export interface RenderedService {
  readonly name: string;
  /** Absent where the chart leaves it to the release. */
  readonly namespace?: string;
  /** `spec.template.metadata.name`; absent where the chart leaves the name to Knative. */
  readonly revision?: string;
  /** The image of the first container, which is the app's; empty where there is none. */
  readonly image: string;
  /** Absent where the chart renders none, and Knative sends everything to the latest revision. */
  readonly traffic?: readonly TrafficEntry[];
  /** The whole document, without fields that a template left empty. */
  readonly document: object;
}

const trafficEntry = z.object({
  revisionName: z.string().optional(),
  latestRevision: z.boolean().optional(),
  percent: z.number().optional(),
  tag: z.string().optional(),
});

const anyObject = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.object({ name: z.string(), namespace: z.string().optional() }),
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
  return parseRendered(manifest).flatMap((document) => {
    const { data } = service.safeParse(document);
    return data === undefined ? [] : [{ ...toRenderedService(data), document: asObject(document) }];
  });
}

/**
 * Finds every object in the manifest that helm renders; documents without a kind or name are left out, as helm would refuse
 * them.
 */
export function readRenderedObjects(manifest: string): readonly RenderedObject[] {
  return parseRendered(manifest).flatMap((document) => {
    const { data } = anyObject.safeParse(document);
    if (data === undefined) return [];
    const { apiVersion, kind, metadata } = data;
    const { name, namespace } = metadata;
    return [{ apiVersion, kind, name, ...defined({ namespace }) }];
  });
}

function parseRendered(manifest: string): readonly unknown[] {
  const reading = readDocuments(manifest, 'rendered chart', 'template');
  if (reading.kind === 'invalid') throw new Error(`the rendered chart is not YAML: ${reading.issues[0]?.got}`);
  return reading.documents.map(({ value }) => withoutNulls(value));
}

function asObject(document: unknown): object {
  return typeof document === 'object' && document !== null ? document : {};
}

function toRenderedService({ metadata, spec }: z.output<typeof service>): Omit<RenderedService, 'document'> {
  const { name, namespace } = metadata;
  const revision = spec.template?.metadata?.name;
  const [container] = spec.template?.spec?.containers ?? [];
  const traffic = (spec.traffic ?? []).map(toTrafficEntry);
  return {
    name,
    ...defined({ namespace, revision }),
    image: container?.image ?? '',
    ...(traffic.length === 0 ? {} : { traffic }),
  };
}

function toTrafficEntry({ revisionName, latestRevision, percent, tag }: z.output<typeof trafficEntry>): TrafficEntry {
  return {
    ...defined({ revisionName, latestRevision, percent, tag }),
  };
}
