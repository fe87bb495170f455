import { cp, mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Sandbox, SampleTarget } from '../../sandbox/index.ts';

/** Packages a chart's folder and serves it; returns the archive's URL. Names must be unique in the whole test run. */
export async function publishChart({ helm, chartRepository }: Sandbox, folder: string, name: string): Promise<string> {
  const place = join('published', name);
  const destination = join(chartRepository.directory, place);
  const packed = await helm('package', folder, '--destination', destination);
  const [, archive = ''] = /: (.+)\s*$/.exec(packed) ?? [];
  return `${chartRepository.url}/${place}/${basename(archive.trim())}`;
}

/** Serves a file; returns its URL. */
export async function publishFile({ chartRepository }: Sandbox, name: string, text: string): Promise<string> {
  await mkdir(join(chartRepository.directory, 'published'), { recursive: true });
  await writeFile(join(chartRepository.directory, 'published', name), text);
  return `${chartRepository.url}/published/${name}`;
}

/** The target's chart with more files, by their names below its templates; returns the archive's URL. */
export async function publishChartWith(
  sandbox: Sandbox,
  { namespace, name }: SampleTarget,
  files: Readonly<Record<string, string | Buffer>>,
): Promise<string> {
  const published = `with-${namespace}-${name}-${Object.keys(files)
    .map((file) => basename(file))
    .join('-')}`;
  const folder = join(sandbox.stateDirectory, published);
  const chart = join(sandbox.chartRepository.directory, 'targets', namespace, name, 'sample-app');
  await cp(chart, folder, { recursive: true });
  for (const [file, content] of Object.entries(files)) {
    const path = join(folder, 'templates', file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
  return publishChart(sandbox, folder, published);
}

/** The target's chart with one more Knative Service, `NAME-more`; returns the archive's URL. */
export async function publishLargerChart(sandbox: Sandbox, target: SampleTarget): Promise<string> {
  const container = { image: 'gcr.io/knative-samples/knative-route-demo:blue' };
  const service = {
    apiVersion: 'serving.knative.dev/v1',
    kind: 'Service',
    metadata: { name: `${target.name}-more` },
    spec: { template: { spec: { containers: [container] } } },
  };
  return publishChartWith(sandbox, target, { 'more.yaml': JSON.stringify(service) });
}
