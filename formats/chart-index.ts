import { isJsonObject, readField } from '../core/text/json.ts';
import { readYaml } from './document/yaml.ts';

/** A version of a chart, as a repository's index has it. */
export interface ChartVersion {
  readonly version: string;
  /** Where its archive is: a URL, or a path from the index. */
  readonly url: string;
  /** SHA-256 of the archive, hexadecimal, where the index says it. */
  readonly digest?: string;
}

/** Reads the versions of a chart from the `index.yaml` of a repository (https://helm.sh/docs/topics/chart_repository/). */
export function readChartVersions(index: string, name: string): readonly ChartVersion[] {
  const reading = readYaml(index);
  const entries = reading.kind === 'invalid' ? undefined : readField(reading.value, 'entries');
  const versions = isJsonObject(entries) && Object.hasOwn(entries, name) ? entries[name] : undefined;
  return Array.isArray(versions) ? versions.flatMap((entry) => readVersion(entry)) : [];
}

function readVersion(entry: unknown): readonly ChartVersion[] {
  const [version, urls, digest] = ['version', 'urls', 'digest'].map((field) => readField(entry, field));
  const url: unknown = Array.isArray(urls) ? urls[0] : undefined;
  if (typeof version !== 'string' || typeof url !== 'string') return [];
  return [{ version, url, ...(typeof digest === 'string' && { digest: digest.replace(/^sha256:/, '') }) }];
}
