import { execFile } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import type { KubernetesObject } from '@kubernetes/client-node';
import { load, loadAll } from 'js-yaml';
import { resolveTool } from '../../sandbox/index.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');

/** The folder of the chart. */
export const chart = join(root, 'deploy/chart');

/** The documented sets of values, by their names. */
export const valueSets: ReadonlyMap<string, string> = new Map(
  globSync('ci/*.yaml', { cwd: chart }).map((file) => [basename(file, '.yaml'), join(chart, file)]),
);

/** A file of the chart. */
export function readChartFile(path: string): string {
  return readFileSync(join(chart, path), 'utf8');
}

/** The expressions of the alerts. */
export function readAlerts(): readonly string[] {
  const alerts = load(readChartFile('files/alerts.yaml')) as readonly { readonly expr: string }[];
  return alerts.map(({ expr }) => expr);
}

/** A cluster of a version that the chart takes, with the kinds of the Prometheus Operator. */
const cluster = ['--kube-version=1.36.3', ...['PodMonitor', 'PrometheusRule'].map(apiVersion)];

function apiVersion(kind: string): string {
  return `--api-versions=monitoring.coreos.com/v1/${kind}`;
}

/** Runs helm; fails with what it prints. */
export async function helm(...args: readonly string[]): Promise<string> {
  const { stdout } = await run(await resolveTool('helm'), args, { maxBuffer: 16 * 1024 * 1024 });
  return stdout;
}

/** What `helm template` makes of the chart, for a release `serin` in `serin-system`. */
export async function renderText(...args: readonly string[]): Promise<string> {
  return helm('template', 'serin', chart, '--namespace=serin-system', ...cluster, ...args);
}

/** A Kubernetes object as the chart renders it; tests look at the parts that they are about. */
export type RenderedObject = KubernetesObject & { readonly [field: string]: unknown };

/** The objects that the chart renders. */
export async function render(...args: readonly string[]): Promise<readonly RenderedObject[]> {
  const key = args.join(' ');
  const rendering = rendered.get(key) ?? renderObjects(args);
  rendered.set(key, rendering);
  return rendering;
}

/** Each rendering takes helm half a second. */
const rendered = new Map<string, Promise<readonly RenderedObject[]>>();

async function renderObjects(args: readonly string[]): Promise<readonly RenderedObject[]> {
  const documents = loadAll(await renderText(...args)) as (RenderedObject | null)[];
  return documents.filter((document) => document !== null);
}

/** `--set-json` for one value. */
export function setting(path: string, value: unknown): string {
  return `--set-json=${path}=${JSON.stringify(value)}`;
}

/** The one object of a kind and name; fails where there is none. */
export function findObject(objects: readonly RenderedObject[], kind: string, name: string): RenderedObject {
  const found = objects.find((object) => object.kind === kind && object.metadata?.name === name);
  if (found === undefined) throw new Error(`the chart renders no ${kind} ${name}`);
  return found;
}

export const serverOrigin = 'https://serin.example.com';

/** Values for the page too, with what it needs. */
export const served: readonly string[] = [
  setting('server', { enabled: true, origin: serverOrigin }),
  setting('settingsFromSecrets', { verificationKeysFile: { secret: 'serin-signing-key', key: 'verification.pem' } }),
];
