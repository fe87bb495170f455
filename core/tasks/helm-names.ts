import { defined } from '../text/defined.ts';

/** Of helm.sh/helm/v3 `pkg/chartutil/validate_name.go`. */
const releaseName = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

const longestReleaseName = 53;

/** Of helm.sh/helm/v3 `pkg/lint/rules/chartfile.go`; a name that begins with a dash would be taken for a flag. */
const chartName = /^[A-Za-z0-9._][A-Za-z0-9._-]*$/;

/** A registry, `host` or `host:port`, and the path of a chart: no user, no escape, nothing that two programs could read in two ways. */
const registryUrl =
  /^oci:\/\/(?<host>(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?)\/(?<path>[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*)(?::(?<tag>[\w.-]+))?(?:@(?<digest>sha256:[0-9a-f]{64}))?$/;

/** Why helm does not take the name of a release; undefined when it does, and for a template, which is filled in later. */
export function releaseNameProblem(name: string): string | undefined {
  if (isTemplate(name) || (name.length <= longestReleaseName && releaseName.test(name))) return undefined;
  const rule = `at most ${longestReleaseName} lower-case letters, digits, - and ., with a letter or digit at both ends`;
  return `${JSON.stringify(name)} is no name of a release: ${rule}`;
}

/** Why the name of a chart in a repository is none; undefined when it is one, and for a template. */
export function chartNameProblem(name: string): string | undefined {
  if (isTemplate(name) || chartName.test(name)) return undefined;
  return `${JSON.stringify(name)} is no name of a chart: letters, digits, -, _ and .`;
}

/** A label of Kubernetes, `key=value`; helm's `null` takes a label away. */
const label =
  /^(?:[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9](?:[-\w.]{0,61}[A-Za-z0-9])?=(?:[A-Za-z0-9](?:[-\w.]{0,61}[A-Za-z0-9])?)?$/;

/** Why helm could not keep the labels of a release, which are those of a Secret; undefined when it can, and for a template. */
export function releaseLabelsProblem(labels: string): string | undefined {
  const wrong = labels.split(',').find((one) => !label.test(one));
  if (wrong === undefined || isTemplate(labels)) return undefined;
  return `--labels: expected key=value as Kubernetes takes it for a label, got ${JSON.stringify(wrong)}`;
}

/** Whether it is the `oci://` URL of a chart, as far as can be told where a part of it is a template. */
export function isRegistryUrl(url: string): boolean {
  return url.startsWith('oci://') && (isTemplate(url) || registryUrl.test(url));
}

/** The parts of an `oci://` URL. */
export interface RegistryPlace {
  /** `host` or `host:port`. */
  readonly host: string;
  readonly path: string;
  readonly tag?: string;
  /** `sha256:…` */
  readonly digest?: string;
}

/** Reads an `oci://` URL; undefined where it is none. */
export function readRegistryUrl(url: string): RegistryPlace | undefined {
  const { host, path, tag, digest } = registryUrl.exec(url)?.groups ?? {};
  return host === undefined || path === undefined ? undefined : { host, path, ...defined({ tag, digest }) };
}

function isTemplate(text: string): boolean {
  return text.includes('{{') && !text.startsWith('-');
}
