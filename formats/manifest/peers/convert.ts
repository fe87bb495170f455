import { isJsonObject, readField } from '../../../core/text/json.ts';
import type { LocatedDocument } from '../../document/document.ts';
import { formatPath } from '../../document/issue.ts';
import type { Issue, Path } from '../../document/issue.ts';
import { formatYaml } from '../../document/yaml.ts';
import { convertAnalysisTemplate } from './argo-template.ts';
import type { PeerConversion } from './conversion.ts';
import { convertCanary, findReferences } from './flagger-canary.ts';
import { convertMetricTemplate } from './flagger-template.ts';

/** What the objects of peers become. */
export interface ConvertedPeers {
  /** The documents in which each object is written anew, by its place in the list that was given; others are not in it. */
  readonly texts: ReadonlyMap<number, string>;
  readonly issues: readonly Issue[];
  /** What does not fit, each with its place. */
  readonly warnings: readonly string[];
}

export interface PeerOptions {
  readonly file: string;
  /** The Knative Service of objects that name none. */
  readonly target?: string | undefined;
}

/** Converts what belongs to Flagger and Argo Rollouts among the objects of a text. */
export function convertPeers(items: readonly LocatedDocument[], { file, target }: PeerOptions): ConvertedPeers {
  const texts = new Map<number, string>();
  const issues: Issue[] = [];
  const warnings: string[] = [];
  for (const [index, item] of items.entries()) {
    const conversion = convertPeer(item.value, items, target);
    if (conversion?.kind === 'invalid') {
      issues.push(
        ...conversion.issues.map(({ path, expected, got }) => ({ ...place(item, file, path), expected, got })),
      );
    }
    if (conversion?.kind !== 'converted') continue;
    const unfit = conversion.unfit.map(({ path, what }) => ({ ...place(item, file, path), what }));
    warnings.push(
      ...unfit.map(({ line, column, path, what }) => `${file}:${line ?? 1}:${column ?? 1} ${path}: ${what}`),
    );
    const comments = unfit.map(({ path, what }) => `# ${path}: ${what}\n`).join('');
    texts.set(index, comments + conversion.objects.map((object) => formatYaml(object)).join('---\n'));
  }
  return { texts, issues, warnings };
}

function place({ findPosition }: LocatedDocument, file: string, path: Path): Omit<Issue, 'expected' | 'got'> {
  return { file, ...findPosition(path), path: formatPath(path) };
}

/** Undefined for what is no object of a peer. */
function convertPeer(
  value: unknown,
  items: readonly LocatedDocument[],
  target: string | undefined,
): PeerConversion | undefined {
  if (!isJsonObject(value)) return undefined;
  const [group] = String(value['apiVersion']).split('/');
  switch (`${group} ${String(value['kind'])}`) {
    case 'flagger.app Canary':
      return convertCanary(value);
    case 'flagger.app MetricTemplate':
      return convertMetricTemplate(value, findUsers(value, items));
    case 'argoproj.io AnalysisTemplate':
    case 'argoproj.io ClusterAnalysisTemplate':
      return convertAnalysisTemplate(value, target);
    default:
      return undefined;
  }
}

/** The Canaries that refer to a MetricTemplate. */
function findUsers(template: unknown, items: readonly LocatedDocument[]) {
  const metadata = readField(template, 'metadata');
  const [namespace = 'default', name] = [readField(metadata, 'namespace'), readField(metadata, 'name')];
  if (typeof namespace !== 'string' || typeof name !== 'string') return [];
  return items.flatMap(({ value }) => {
    const found = readField(value, 'kind') === 'Canary' ? findReferences(value) : undefined;
    return found?.templates.includes(`${namespace}/${name}`) === true ? [found] : [];
  });
}
