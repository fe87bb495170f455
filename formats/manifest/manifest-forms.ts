import type { Experiment } from '../../core/experiment/experiment.ts';
import { readField } from '../../core/text/json.ts';
import { crossCheck } from './checks/cross-checks.ts';
import type { Path } from '../document/issue.ts';
import { checkPromotion } from './serin/checks.ts';
import { normalizeNative } from './serin/normalize.ts';
import { iter8Sketch, nativePath } from './serin/paths.ts';
import { nativeManifest } from './serin/schema.ts';
import { annotations, ratioAnnotation, settingPrefix } from './iter8/annotations.ts';
import { normalize, warnOfHandlers } from './iter8/normalize.ts';
import { repair } from './iter8/misplaced-versions.ts';
import type { Repaired } from './iter8/misplaced-versions.ts';
import { iter8Manifest } from './iter8/schema.ts';
import { withoutNulls } from '../document/without-nulls.ts';
import { findWrittenMetrics, readNamedMetrics } from '../metrics/named-metrics.ts';
import type { NamedMetric } from '../metrics/named-metrics.ts';
import { translateIssues } from '../document/zod-issues.ts';
import type { ValueIssue } from '../document/zod-issues.ts';

/**
 * The reading of a document: an experiment, with the issues and warnings that only this form can find; paths are the form's
 * own.
 */
export type FormReading =
  | {
      readonly kind: 'read';
      readonly experiment: Experiment;
      readonly unfit: readonly ValueIssue[];
      readonly warnings: readonly ValueIssue[];
    }
  | { readonly kind: 'invalid'; readonly issues: readonly ValueIssue[] };

/** One form of manifests. */
export interface Form {
  readonly repair: (document: unknown) => Repaired;
  readonly read: (value: unknown) => FormReading;
  /** Checks what fields must have in common; paths are the form's own. */
  readonly check: (value: unknown) => readonly ValueIssue[];
  /** The metrics that the document names; one with mistakes may have fewer. */
  readonly namedMetrics: (value: unknown) => readonly NamedMetric[];
  /** The path in this form of what iter8's form has at the path. */
  readonly ownPath: (path: Path, value: unknown) => Path;
}

const iter8: Form = {
  repair,
  read: (value) => {
    const reading = iter8Manifest.safeParse(value);
    if (!reading.success) return { kind: 'invalid', issues: translateIssues(reading.error, value) };
    const experiment = { ...normalize(reading.data), ...findWrittenMetrics(iter8Metrics(value)) };
    return { kind: 'read', experiment, unfit: [], warnings: warnOfHandlers(reading.data) };
  },
  check: crossCheck,
  namedMetrics: iter8Metrics,
  ownPath: (path) => path,
};

const native: Form = {
  repair: (document) => ({ value: withoutNulls(document), moved: [] }),
  read: (value) => {
    const reading = nativeManifest.safeParse(value);
    if (!reading.success) return { kind: 'invalid', issues: translateIssues(reading.error, value) };
    const experiment = { ...normalizeNative(reading.data), ...findWrittenMetrics(nativeMetrics(value)) };
    return { kind: 'read', experiment, unfit: checkPromotion(reading.data, experiment), warnings: [] };
  },
  // The sketch has the actions of the file, and the promotion is not one of them.
  check: (value) =>
    crossCheck(iter8Sketch(value)).map((issue) => {
      return { ...issue, path: [...nativePath(issue.path, { hasPromotion: false })] };
    }),
  namedMetrics: nativeMetrics,
  ownPath: (path, value) => nativePath(path, { hasPromotion: hasPromotion(value) }),
};

/** Chooses the form by the `apiVersion`; anything unknown is read as iter8's form, whose schema refuses it. */
export function chooseForm(document: unknown): Form {
  const apiVersion = readField(document, 'apiVersion');
  return typeof apiVersion === 'string' && apiVersion.startsWith('serin.dev/') ? native : iter8;
}

function hasPromotion(value: unknown): boolean {
  return readField(readSpec(value), 'promotion') !== undefined;
}

/** The metrics of the criteria, and those of the annotation that makes objectives. */
function iter8Metrics(value: unknown): readonly NamedMetric[] {
  const ofCriteria = readNamedMetrics({ path: ['spec', 'criteria'], value: readField(readSpec(value), 'criteria') });
  const path = ['metadata', 'annotations', `${settingPrefix}${ratioAnnotation}`];
  const reading = annotations.safeParse(readField(readField(value, 'metadata'), 'annotations'));
  const { relativeObjectives = [] } = reading.data ?? {};
  return [...ofCriteria, ...relativeObjectives.map(({ written }) => ({ name: written, path }))];
}

function nativeMetrics(value: unknown): readonly NamedMetric[] {
  return readNamedMetrics({ path: ['spec'], value: readSpec(value) });
}

function readSpec(value: unknown): unknown {
  return readField(value, 'spec');
}
