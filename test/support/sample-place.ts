import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import type { Sandbox } from '../../sandbox/index.ts';
import { freePort } from '../../sandbox/processes/ports.ts';
import { testCluster } from './cluster.ts';
import { linkPrograms, searchPathWith } from './programs.ts';
import { startWorkerProcess } from './worker-process.ts';

/** Where a sample runs: it is about `default/sample-app`, and here about the same name in a namespace of its own. */
export interface Place {
  readonly namespace: string;
  readonly host: string;
  /** For the copies of its files, and its git repository. */
  readonly directory: string;
  /** Of its analytics service. */
  readonly port: number;
}

/** One command of a sample's README. */
export type SampleStep = (place: Place) => Promise<unknown>;

const samples = join(import.meta.dirname, '../../samples');
const run = promisify(execFile);

export async function createPlace(namespace: string): Promise<Place> {
  const { sandbox } = await testCluster();
  const directory = join(sandbox.stateDirectory, 'samples', namespace);
  await mkdir(directory, { recursive: true });
  await sandbox.kubectl('create', 'namespace', namespace);
  const place = { namespace, directory, host: `sample-app.${namespace}.example.com`, port: await freePort() };
  await apply('canary-progressive/helm-secret.yaml')(place);
  return place;
}

/** A worker with the commands that samples/README.md allows it. */
export async function startSampleWorker(taskQueue: string): Promise<void> {
  const { sandbox } = await testCluster();
  const path = await linkPrograms(sandbox, programsPath(sandbox), ['kubectl', 'fortio', 'helm']);
  const env = { PATH: path, SERIN_ALLOWED_COMMANDS: 'helm,kubectl,bash,fortio' };
  await startWorkerProcess(sandbox, { name: taskQueue, taskQueue, env });
}

/** `kubectl apply -f samples/FILE` */
export function apply(file: string): SampleStep {
  return async (place) => {
    const { sandbox } = await testCluster();
    await sandbox.kubectl('apply', '-n', place.namespace, '-f', await localCopy(file, place, sandbox));
  };
}

/** `kubectl apply -k samples/FOLDER` */
export function kustomize(folder: string): SampleStep {
  return async ({ namespace }) => {
    const { sandbox } = await testCluster();
    await sandbox.kubectl('apply', '-n', namespace, '-k', join(samples, folder));
  };
}

/** Waits until the sample app is ready with this revision as its latest. */
export function isReady(revision: string): SampleStep {
  return async ({ namespace }) => {
    const { sandbox } = await testCluster();
    for (const condition of [`jsonpath={.status.latestReadyRevisionName}=${revision}`, 'condition=Ready']) {
      await sandbox.kubectl('wait', 'ksvc/sample-app', '-n', namespace, `--for=${condition}`, '--timeout=60s');
    }
  };
}

/** `samples/gitops/create-repository.sh REPOSITORY` */
export const createRepository: SampleStep = async ({ directory }) => {
  await run(join(samples, 'gitops/create-repository.sh'), [repositoryIn(directory)]);
};

/** `samples/gitops/deploy.sh REPOSITORY BRANCH …`, with values of the sample canary-progressive where they are named. */
export function deploy(branch: string, values?: string): SampleStep {
  return async ({ namespace, directory }) => {
    const { sandbox } = await testCluster();
    const flags = values === undefined ? [] : ['--values', join(samples, 'canary-progressive', values)];
    const args = [repositoryIn(directory), branch, '--namespace', namespace, ...flags];
    const env = { ...process.env, PATH: searchPathWith(programsPath(sandbox)), KUBECONFIG: sandbox.kubeconfig };
    await run(join(samples, 'gitops/deploy.sh'), args, { env });
  };
}

/** Git in the sample's repository; returns its standard output. */
export async function runGit({ directory }: Place, ...args: readonly string[]): Promise<string> {
  return (await run('git', ['-C', repositoryIn(directory), ...args])).stdout;
}

/** `node samples/user-engagement/server.mjs AVERAGES` */
export function analytics(...averages: readonly string[]): SampleStep {
  return async ({ namespace, port }) => {
    const { sandbox } = await testCluster();
    const args = [join(samples, 'user-engagement/server.mjs'), ...averages];
    const env = { PORT: String(port) };
    await sandbox.run({ name: `analytics-${namespace}`, command: process.execPath, args, env });
  };
}

/** The name of the experiment in a sample's file. */
export async function experimentName(file: string): Promise<string> {
  const [, name = ''] = /^ {2}name: (.+)$/m.exec(await readFile(join(samples, file), 'utf8')) ?? [];
  return name;
}

/** A sample's file with other addresses, intervals of two seconds, and fewer requests for a verdict. */
async function localCopy(file: string, { namespace, directory, host, port }: Place, sandbox: Sandbox): Promise<string> {
  const text = await readFile(join(samples, file), 'utf8');
  const head = 'kind: Experiment\nmetadata:\n';
  const changed = text
    .replaceAll(/(?<![-\w])samples\//g, `${samples}/`)
    .replaceAll('default/sample-app', `${namespace}/sample-app`)
    .replaceAll('namespace: default', `namespace: ${namespace}`)
    .replaceAll('--namespace=default', `--namespace=${namespace}`)
    .replaceAll('sample-app.default.example.com', host)
    .replaceAll('SAMPLES_URL', sandbox.chartRepository.url)
    .replaceAll('GATEWAY_URL', sandbox.gateway.url)
    .replaceAll('CONFIG_REPOSITORY', repositoryIn(directory))
    .replaceAll('127.0.0.1:8099', `127.0.0.1:${port}`)
    .replaceAll('intervalSeconds: 10', 'intervalSeconds: 2')
    .replaceAll('intervalSeconds: 5', 'intervalSeconds: 1')
    .replaceAll('qps: 20', 'qps: 100')
    .replace(head, `${head}  annotations: { serin.dev/min-samples: "10" }\n`);
  const path = join(directory, basename(file));
  await writeFile(path, changed);
  return path;
}

function repositoryIn(directory: string): string {
  return join(directory, 'config.git');
}

function programsPath({ stateDirectory }: Sandbox): string {
  return join(stateDirectory, 'sample-programs');
}
