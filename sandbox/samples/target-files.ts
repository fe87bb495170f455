import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The Knative Service that a copy of the sample is about. */
export interface TargetName {
  readonly name: string;
  readonly namespace: string;
}

const changedFiles = [
  'experiment.yaml',
  'experimental-values.yaml',
  'helm-secret.yaml',
  'sample-app/values.yaml',
  'sample-app/candidate-values.yaml',
];

/**
 * Copies the tutorial's sample, with its packaged chart, so that it is about another Knative Service: the same files under the
 * same names, with revisions `NAME-v1` and `NAME-v2`, the release NAME and the namespace put in.
 */
export async function writeTargetFiles(
  target: TargetName,
  from: string,
  to: { directory: string; url: string },
): Promise<void> {
  await cp(from, to.directory, { recursive: true });
  for (const file of changedFiles) {
    const path = join(to.directory, file);
    await writeFile(path, retargeted(await readFile(path, 'utf8'), target, to.url));
  }
}

function retargeted(text: string, { name, namespace }: TargetName, url: string): string {
  return text
    .replaceAll('CHART_REPOSITORY_URL', url)
    .replaceAll(/sample-app-v(\d)/g, `${name}-v$1`)
    .replaceAll('default/sample-app', `${namespace}/${name}`)
    .replaceAll('"sample-app"', `"${name}"`)
    .replaceAll('namespace: default', `namespace: ${namespace}`)
    .replaceAll('name: canary-progressive', `name: ${name}`);
}
