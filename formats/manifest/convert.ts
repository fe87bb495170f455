import { documentTexts } from '../document/document-texts.ts';
import type { Experiment } from '../../core/experiment/experiment.ts';
import { documentKind } from '../document/document-kinds.ts';
import { readDocuments } from '../document/document.ts';
import { listItems, readObjects } from '../document/objects.ts';
import { formatIssue } from '../document/issue.ts';
import type { Issue } from '../document/issue.ts';
import { buildNativeManifest } from './serin/convert.ts';
import type { Written, WrittenActions } from './serin/convert.ts';
import { parseExperiments } from './parse.ts';
import { convertPeers } from './peers/convert.ts';
import { withoutNulls } from '../document/without-nulls.ts';
import { formatYaml } from '../document/yaml.ts';

export type Conversion =
  | { readonly kind: 'ok'; readonly text: string; readonly warnings: readonly string[] }
  | { readonly kind: 'invalid'; readonly issues: readonly string[] };

/**
 * Converts the iter8 manifests of a text to YAML of serin's own form, with the same meaning, and Canaries, MetricTemplates and
 * AnalysisTemplates of Flagger and Argo Rollouts as far as they fit; the other documents stay as they are, and lists become documents.
 * Manifests of serin's form are returned unchanged.
 * @param target the Knative Service of objects that name none
 */
export function convertManifest(text: string, file: string, target?: string): Conversion {
  const objects = readObjects(text, file);
  const items = objects.kind === 'read' ? objects.documents : [];
  const peers = convertPeers(items, { file, target });
  if (peers.issues.length > 0) return invalid(peers.issues);
  const hasExperiments = items.some(({ value }) => documentKind(value) === 'Experiment');
  const readings = peers.texts.size > 0 && !hasExperiments ? [] : parseExperiments(text, file);
  const issues = readings.flatMap((reading) => (reading.kind === 'invalid' ? reading.issues : []));
  if (issues.length > 0) return invalid(issues);
  const read = readings.flatMap((reading) => (reading.kind === 'ok' ? [reading] : []));
  const warnings = [...read.flatMap((reading) => reading.warnings.map(formatIssue)), ...peers.warnings];
  const experiments = read.map(({ experiment }) => experiment);
  if (peers.texts.size === 0 && experiments.every(isNative)) return { kind: 'ok', text, warnings };
  const converted = withExperiments(text, experiments, peers.texts);
  const unfit = parseExperiments(converted, `${file}, converted`).flatMap((result) =>
    result.kind === 'invalid' ? result.issues : [],
  );
  return unfit.length > 0 ? invalid(unfit) : { kind: 'ok', text: converted, warnings };
}

function isNative({ apiVersion }: Experiment): boolean {
  return apiVersion.startsWith('serin.dev/');
}

function invalid(issues: readonly Issue[]): Conversion {
  return { kind: 'invalid', issues: issues.map(formatIssue) };
}

/**
 * All documents, and the items of lists, in their order, the experiments written anew.
 * @param experiments in their order
 * @param peers what the objects of peers become, by their place
 */
function withExperiments(text: string, experiments: readonly Experiment[], peers: ReadonlyMap<number, string>): string {
  const reading = readDocuments(text, '');
  const documents = reading.kind === 'read' ? reading.documents : [];
  const texts = documentTexts(text);
  const left = [...experiments];
  let place = -1;
  const written = documents.flatMap((document, index) =>
    listItems(document).map((item) => {
      place += 1;
      const peer = peers.get(place);
      if (peer !== undefined) return peer;
      const isAlone = item === document;
      const value = withoutNulls(item.value) as Document | undefined;
      const experiment = value?.kind === 'Experiment' ? left.shift() : undefined;
      if (value !== undefined && experiment !== undefined && !isNative(experiment)) {
        return formatYaml(buildNativeManifest(experiment, writtenIn(value)));
      }
      return (isAlone ? texts?.[index] : undefined) ?? formatYaml(item.value);
    }),
  );
  const whole = written.filter((one) => one !== '');
  return whole.map((one) => (one.endsWith('\n') ? one : `${one}\n`)).join('---\n');
}

/** A manifest that has been read before, so that its fields have these types. */
interface Document {
  readonly kind?: string;
  readonly metadata?: Written['metadata'];
  readonly spec?: {
    readonly target?: string;
    readonly strategy?: { readonly actions?: WrittenActions; readonly handlers?: Readonly<Record<string, string>> };
  };
}

function writtenIn({ metadata = {}, spec = {} }: Document): Written {
  const { actions = {}, handlers = {} } = spec.strategy ?? {};
  const isOn = (name: keyof WrittenActions): boolean => handlers[name] !== 'none';
  return {
    metadata,
    target: spec.target ?? '',
    actions: Object.fromEntries(
      (['start', 'loop', 'finish'] as const).filter(isOn).map((name) => [name, actions[name] ?? []]),
    ),
  };
}
