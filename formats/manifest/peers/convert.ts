import { isJsonObject } from '../../../core/text/json.ts';
import type { LocatedDocument } from '../../document/document.ts';
import { formatIssue, formatPath } from '../../document/issue.ts';
import type { Issue, Path } from '../../document/issue.ts';
import { formatYaml } from '../../document/yaml.ts';
import { convertAnalysisTemplate } from './argo-template.ts';
import type { PeerConversion } from './conversion.ts';
import { convertCanary, findReferences, templateKey } from './flagger-canary.ts';
import type { MetricTemplates } from './flagger-canary.ts';
import { readMetricTemplate } from './flagger-template.ts';

/** What the objects of peers become. */
export interface ConvertedPeers {
  /**
   * The documents in which each object is written anew, by its place in the list that was given; empty for one that is a part of others.
   * What is no object of a peer is not in it.
   */
  readonly texts: ReadonlyMap<number, string>;
  /** Why nothing is converted, where nothing is. */
  readonly issues: readonly Issue[];
  /** What does not fit, each with its place. */
  readonly warnings: readonly string[];
}

export interface PeerOptions {
  readonly file: string;
  /** The Knative Service of objects that name none. */
  readonly target?: string | undefined;
}

/**
 * Converts what belongs to Flagger and Argo Rollouts among the objects of a text. Where some cannot be converted, as among all of a cluster, they
 * are left out with a warning; where none can, that is why.
 */
export function convertPeers(items: readonly LocatedDocument[], { file, target }: PeerOptions): ConvertedPeers {
  const templates = readTemplates(items);
  const texts = new Map<number, string>();
  const issues: Issue[] = [];
  const warnings: string[] = [];
  for (const [index, item] of items.entries()) {
    const conversion = convertPeer(item.value, { items, templates, target });
    if (conversion === undefined) continue;
    const found = describe(conversion, item, file);
    texts.set(index, found.text);
    issues.push(...found.issues);
    warnings.push(...found.warnings);
  }
  const isAny = [...texts.values()].some((text) => text !== '');
  if (!isAny) return { texts, issues, warnings };
  return { texts, issues: [], warnings: [...issues.map((issue) => `left out: ${formatIssue(issue)}`), ...warnings] };
}

function describe(conversion: PeerConversion, item: LocatedDocument, file: string) {
  if (conversion.kind === 'invalid') {
    const issues = conversion.issues.map(({ path, expected, got }) => ({ ...place(item, file, path), expected, got }));
    return { text: '', issues, warnings: [] };
  }
  const unfit = conversion.unfit.map(({ path, what }) => ({ ...place(item, file, path), what }));
  const warnings = unfit.map(({ line, column, path, what }) => {
    return `${file}${line === undefined ? '' : `:${line}:${column ?? 1}`} ${path}: ${what}`;
  });
  // In one line each, whatever the text of the object was.
  const comments = unfit
    .map(({ path, what }) => `# ${`${path}: ${what}`.replaceAll(/[\s\p{Cc}\p{Cf}]+/gu, ' ')}\n`)
    .join('');
  const text = conversion.objects.map((object) => formatYaml(object)).join('---\n');
  return { text: text === '' ? '' : comments + text, issues: [], warnings };
}

function place({ findPosition }: LocatedDocument, file: string, path: Path): Omit<Issue, 'expected' | 'got'> {
  return { file, ...findPosition(path), path: formatPath(path) };
}

interface Surroundings {
  readonly items: readonly LocatedDocument[];
  readonly templates: MetricTemplates;
  readonly target: string | undefined;
}

/** Undefined for what is no object of a peer. */
function convertPeer(value: unknown, { items, templates, target }: Surroundings): PeerConversion | undefined {
  if (!isJsonObject(value)) return undefined;
  const [group] = String(value['apiVersion']).split('/');
  switch (`${group} ${String(value['kind'])}`) {
    case 'flagger.app Canary':
      return convertCanary(value, templates);
    case 'flagger.app MetricTemplate':
      return withItsCanaries(value, items);
    case 'argoproj.io AnalysisTemplate':
    case 'argoproj.io ClusterAnalysisTemplate':
      return convertAnalysisTemplate(value, target);
    default:
      return undefined;
  }
}

function readTemplates(items: readonly LocatedDocument[]): MetricTemplates {
  const templates = items.flatMap(({ value }) => readMetricTemplate(value) ?? []);
  return new Map(
    templates.map((template) => [templateKey(template.metadata.namespace, template.metadata.name), template]),
  );
}

/** A MetricTemplate becomes a Metric of each Canary that refers to it. */
function withItsCanaries(value: unknown, items: readonly LocatedDocument[]): PeerConversion {
  const template = readMetricTemplate(value);
  const key = template && templateKey(template.metadata.namespace, template.metadata.name);
  const isUsed = items.some((item) => key !== undefined && findReferences(item.value).includes(key));
  const what = 'left out: no Canary of this text refers to it, and with its names it is filled in';
  return { kind: 'converted', objects: [], unfit: isUsed ? [] : [{ path: ['spec'], what }] };
}
