import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { commandEnvironment } from '../../../activities/commands/environment.ts';
import { compareRendered } from '../../../activities/helm/compare-rendered.ts';
import { compareUpgrades, helmUpgrades } from '../../../activities/helm/render-tasks.ts';
import { renderingDigest } from '../../../activities/helm/rendering-digest.ts';
import { connectHelm } from '../../../activities/helm/helm.ts';
import type { Helm } from '../../../activities/helm/helm.ts';
import { decodeRecord, encodeRecord, recordName } from '../../../activities/helm/release-record.ts';
import { repairPending } from '../../../activities/helm/repair.ts';
import { runHelm } from '../../../activities/helm/run-helm.ts';
import type { ActivityCluster } from '../../../activities/knative/cluster.ts';
import { releaseTarget } from '../../../activities/knative/acquire-target.ts';
import { newLease, readLease } from '../../../activities/knative/lease.ts';
import { leaseObjectName } from '../../../kubernetes/lease.ts';
import type { MetricBackEnds } from '../../../metrics/providers/provider.ts';
import type { MetricsSettings } from '../../../activities/preflight/metrics.ts';
import type { PreflightDependencies } from '../../../activities/preflight/preflight.ts';
import { preflight } from '../../../activities/preflight/preflight.ts';
import type { Experiment, Task } from '../../../core/experiment/experiment.ts';
import { leaseAnnotations, noCollectionAnnotation } from '../../../core/traffic/target.ts';
import type { Sandbox, SampleRequest, SampleTarget } from '../../../sandbox/index.ts';
import type { LeaseHolder } from '../../../core/traffic/lease.ts';
import type { RunTaskInput } from '../../../contract/tasks.ts';
import { asActivity, cancellableActivity, caughtFailure } from '../../support/activity.ts';
import { anExperiment } from '../../support/builders.ts';
import { testCluster } from '../../support/cluster.ts';
import { accountsOf, anyDownloads, defaultBounds, downloadAnything } from '../../support/access.ts';
import type { Accounts, ClusterAccess } from '../../../activities/accounts.ts';
import { publishChart, publishChartWith, publishFile, publishLargerChart } from '../../support/charts.ts';
import { startScriptedStore } from '../../support/scripted-store.ts';
import type { TemporalService } from '../../../temporal/settings.ts';

const holder: LeaseHolder = {
  temporalAddress: 'temporal:7233',
  temporalNamespace: 'default',
  workflowId: 'helm-test',
  firstRunId: 'run-helm-test',
};
const allowedCommands = ['helm'];

let sandbox: Sandbox;
let temporal: TemporalService;
let accounts: Accounts;
let access: ClusterAccess & Pick<Accounts, 'own'>;
let cluster: ActivityCluster;
let helm: Helm;
let metrics: MetricsSettings;

const backEnds: MetricBackEnds = {
  prometheusUrl: 'http://127.0.0.1:1',
  readSecret: async () => undefined,
  request: () => expect.fail('no request over HTTP'),
};

/** The namespace of this suite alone, since the sandbox is shared. */
const ownNamespace = 'helm-activities';

beforeAll(async () => {
  const shared = await testCluster();
  ({ sandbox } = shared);
  temporal = { client: shared.client, ...sandbox.temporal };
  accounts = accountsOf(sandbox);
  access = { ...accounts.of(ownNamespace), own: accounts.own };
  ({ cluster } = access);
  helm = helmAt(sandbox.tools.helm);
  metrics = { prometheusUrl: sandbox.prometheus.url, scrapeIntervalMs: 500 };
});

const kubectl = (...args: readonly string[]) => sandbox.kubectl('-n', ownNamespace, ...args);

function helmAt(path: string, pendingLimitMs = 0): Helm {
  const environment = commandEnvironment({
    ...process.env,
    KUBECONFIG: sandbox.workerKubeconfig,
    HELM_KUBEASUSER: access.user,
  });
  const { isReady: isApiReady } = cluster;
  return connectHelm({ path, environment, bounds: defaultBounds, pendingLimitMs, isApiReady, downloads: anyDownloads });
}

function preflightDependencies(changes: Partial<PreflightDependencies> = {}): PreflightDependencies {
  return {
    ...access,
    helm,
    metrics,
    backEnds,
    askCalendars: async () => ({ hasCalendar: false }),
    allowedCommands,
    environment: {},
    bounds: defaultBounds,
    download: downloadAnything,
    ...changes,
  };
}

/** A target of its own, whose Lease the test holds. */
async function aTarget(
  name: string,
  options: Partial<Pick<SampleRequest, 'consent' | 'namespace'>> = {},
): Promise<SampleTarget> {
  const target = await sandbox.deploySample({ namespace: ownNamespace, name, ...options });
  const asOwner = accounts.of(target.namespace).cluster;
  await asActivity(() => asOwner.createLease(leaseObjectName(target), newLease(target, holder)));
  return target;
}

function upgradeArgs(target: SampleTarget, values: keyof SampleTarget['valuesUrls'], ...more: string[]): string[] {
  return ['upgrade', '--install', target.name, target.chartUrl, `--values=${target.valuesUrls[values]}`, ...more];
}

function aTask({ namespace, name }: SampleTarget, args: readonly string[]): RunTaskInput {
  return { namespace, target: { namespace, name }, holder, command: 'helm', args, limitMs: 60_000 };
}

const run = (input: RunTaskInput, with_ = helm) =>
  asActivity(() => runHelm({ cluster, helm: with_, allowedCommands }, input));
const failureOfRun = (input: RunTaskInput, with_ = helm) =>
  caughtFailure(() => runHelm({ cluster, helm: with_, allowedCommands }, input));

interface HistoryEntry {
  readonly revision: number;
  readonly status: string;
}

async function history({ name, namespace }: SampleTarget): Promise<readonly HistoryEntry[]> {
  const entries: readonly HistoryEntry[] = JSON.parse(
    await sandbox.helm('history', name, '-n', namespace, '-o', 'json'),
  );
  return entries.map(({ revision, status }) => ({ revision, status }));
}

/** Leaves the release as a helm that was killed in mid-upgrade does, `agoMs` ago; returns when that was. */
async function leavePending(target: SampleTarget, revision: number, agoMs: number): Promise<number> {
  const { name } = target;
  const secretName = recordName(name, revision);
  const secret = JSON.parse(await kubectl('get', 'secret', secretName, '-o', 'json'));
  const record = decodeRecord(secret.data.release);
  const pendingAtMs = Date.now() - agoMs;
  const last_deployed = new Date(pendingAtMs).toISOString();
  const release = encodeRecord({
    ...record,
    info: { ...record.info, status: 'pending-upgrade', last_deployed },
  } as typeof record);
  const patch = { metadata: { labels: { status: 'pending-upgrade' } }, data: { release } };
  await kubectl('patch', 'secret', secretName, '--type=merge', '-p', JSON.stringify(patch));
  return pendingAtMs;
}

interface Pending {
  readonly atMs: number;
  /** How long ago that was said to be. */
  readonly agoSeconds: number;
  readonly limitSeconds: number;
}

/** Expects that the message says what is left of the limit by now, however long this test has taken since then. */
function expectLeft(message = '', { atMs, agoSeconds, limitSeconds }: Pending): void {
  const left = Number(/may be at work for another (\d+) s/.exec(message)?.[1]);
  expect(left).toBeLessThanOrEqual(limitSeconds - agoSeconds);
  expect(left).toBeGreaterThanOrEqual(limitSeconds - (Date.now() - atMs) / 1000);
}

describe('runHelm', () => {
  /** For tests that end before anything is upgraded. */
  let untouched: SampleTarget;
  beforeAll(async () => {
    untouched = await aTarget('untouched');
  });

  test("upgrades once in the target's namespace, and does nothing when it is tried again", async () => {
    const target = await aTarget('once');
    const input = aTask(target, upgradeArgs(target, 'candidate'));
    const first = await run(input);
    expect(first.release).toEqual({ name: 'once', namespace: ownNamespace, revision: 3, status: 'deployed' });
    expect(first.output).toContain('STATUS: deployed');
    const again = await run(input);
    expect(again.release).toEqual(first.release);
    expect(again.output).toMatch(
      /^release helm-activities\/once is at revision 3, deployed since .*: already as wanted, nothing to do$/,
    );
    expect(await history(target)).toEqual([
      { revision: 1, status: 'superseded' },
      { revision: 2, status: 'superseded' },
      { revision: 3, status: 'deployed' },
    ]);
  });

  test('deletes the oldest revision where the release has as many as helm keeps', async () => {
    const target = await aTarget('full');
    await run(aTask(target, upgradeArgs(target, 'candidate', '--history-max', '2')));
    expect(await history(target)).toEqual([
      { revision: 2, status: 'superseded' },
      { revision: 3, status: 'deployed' },
    ]);
  });

  test('creates the Knative Service by which the new chart is larger', async () => {
    const target = await aTarget('growing');
    const chart = await publishLargerChart(sandbox, target);
    const args = ['upgrade', target.name, chart, `--values=${target.valuesUrls.candidate}`];
    const { release } = await run(aTask(target, args));
    expect(release).toMatchObject({ revision: 3, status: 'deployed' });
    expect(await kubectl('get', 'ksvc', 'growing-more', '-o', 'name')).toBe(
      'service.serving.knative.dev/growing-more\n',
    );
  });

  test('raises the duration of the Lease before it starts, and refuses without the Lease', async () => {
    const target = untouched;
    await run(aTask(target, upgradeArgs(target, 'experimental')));
    const lease = await asActivity(() => readLease(cluster, target));
    expect(lease?.spec?.leaseDurationSeconds).toBe(90);
    const stranger = {
      ...aTask(target, upgradeArgs(target, 'candidate')),
      holder: { ...holder, firstRunId: 'run-other' },
    };
    expect(await failureOfRun(stranger)).toMatchObject({ type: 'Fenced', isRetryable: false });
    expect(await history(target)).toHaveLength(2);
  });

  test('waits for a pending release that may still be at work', async () => {
    const target = await aTarget('busy');
    const atMs = await leavePending(target, 2, 20_000);
    const failure = await failureOfRun(aTask(target, upgradeArgs(target, 'candidate', '--timeout', '10m')));
    expect(failure).toMatchObject({ type: 'ReleaseBusy', isRetryable: true });
    expect(failure.message).toMatch(
      /^release helm-activities\/busy is at revision 2, pending-upgrade since .*; its operation may be at work for another \d+ s$/,
    );
    expectLeft(failure.message, { atMs, agoSeconds: 20, limitSeconds: 600 });
    expect(failure.nextRetryDelay).toBe(10_000);
  });

  test('tries a pending release again once its operation cannot be at work any more, where that is soon', async () => {
    const release = { release: untouched.name, namespace: ownNamespace };
    const state = (await asActivity(() => helm.status(release))) ?? expect.fail('there is no release');
    const pending = { ...state, status: 'pending-upgrade', lastDeployedAtMs: Date.now() - 20_000 };
    const { nextRetryDelay } = await caughtFailure(() => repairPending(cluster, release, pending, 25_000));
    expect(nextRetryDelay).toBeLessThanOrEqual(5_500);
  });

  test('frees a release that a killed helm left pending, once its timeout is over, and upgrades it', async () => {
    const target = await aTarget('stuck');
    const killed = spawn(sandbox.tools.helm, [...(await waitingArgs(target)), '-n', target.namespace], {
      env: { ...process.env, KUBECONFIG: sandbox.workerKubeconfig, HELM_KUBEASUSER: access.user },
      stdio: 'ignore',
    });
    await isPendingUpgrade(target);
    killed.kill('SIGKILL');
    const waiting = aTask(target, upgradeArgs(target, 'candidate', '--timeout', '5m'));
    expect(await failureOfRun(waiting)).toMatchObject({ type: 'ReleaseBusy', isRetryable: true });
    const input = aTask(target, upgradeArgs(target, 'candidate', '--timeout', '8s'));
    const { release } = await vi.waitFor(() => run(input), { timeout: 120_000, interval: 500 });
    expect(release).toEqual({ name: 'stuck', namespace: ownNamespace, revision: 4, status: 'deployed' });
    expect(await history(target)).toEqual([
      { revision: 1, status: 'superseded' },
      { revision: 2, status: 'superseded' },
      { revision: 3, status: 'failed' },
      { revision: 4, status: 'deployed' },
    ]);
  });

  test('says what failed, how the release is, and what to do', async () => {
    const target = await aTarget('renamed');
    const wrong = upgradeArgs(target, 'candidate', '--set', 'image=gcr.io/knative-samples/knative-route-demo:red');
    const { type, isRetryable, message } = await failureOfRun(aTask(target, wrong));
    expect({ type, isRetryable }).toEqual({ type: 'CommandFailed', isRetryable: false });
    expect(message).toContain('--set=*** --namespace=helm-activities failed with exit code 1: Error: UPGRADE FAILED');
    expect(message).toContain('give the new template a new revision name');
    expect(message).toMatch(
      /release helm-activities\/renamed is at revision 3, failed since .*; see `helm history renamed --namespace helm-activities`/,
    );
    expect(message).not.toContain('route-demo:red\n');
  });

  test('tries again later where the chart repository is down, and not where it has no such chart', async () => {
    const target = untouched;
    const down = ['upgrade', target.name, 'http://127.0.0.1:1/chart.tgz'];
    expect(await failureOfRun(aTask(target, down))).toMatchObject({ type: 'ChartUnavailable', isRetryable: true });
    const missing = ['upgrade', target.name, `${target.chartUrl}.missing`];
    expect(await failureOfRun(aTask(target, missing))).toMatchObject({ type: 'CommandFailed', isRetryable: false });
    expect(await history(target)).toHaveLength(2);
  });

  test('does only what it allows', async () => {
    const target = untouched;
    const rollback = await failureOfRun(aTask(target, ['rollback', target.name]));
    expect(rollback).toMatchObject({
      type: 'CommandNotAllowed',
      message: 'args[0]: only `helm upgrade` is supported, not `helm rollback`',
    });
    const dashed = await failureOfRun(aTask(target, ['upgrade', target.chartUrl, '--', '--post-renderer=sh']));
    expect(dashed).toMatchObject({
      type: 'CommandNotAllowed',
      message: 'args[3]: the argument "--post-renderer=sh" begins with a dash',
    });
    const input = aTask(target, upgradeArgs(target, 'candidate'));
    const notAllowed = await caughtFailure(() => runHelm({ cluster, helm, allowedCommands: ['kubectl'] }, input));
    expect(notAllowed).toMatchObject({
      type: 'CommandNotAllowed',
      message: 'command "helm" is not allowed on this worker; allowed: kubectl',
    });
  });

  test.skipIf(process.getuid?.() !== 0)('upgrades as the user that the worker names for its commands', async () => {
    const target = await aTarget('other-user');
    const [path, kubeconfig] = await readableForAll(sandbox.tools.helm, sandbox.workerKubeconfig);
    const environment = commandEnvironment({ ...process.env, KUBECONFIG: kubeconfig, HELM_KUBEASUSER: access.user });
    const bounds = { ...defaultBounds, user: { uid: 65_534, gid: 65_534 } };
    const { isReady: isApiReady } = cluster;
    const asNobody = connectHelm({ path, environment, bounds, pendingLimitMs: 0, isApiReady, downloads: anyDownloads });
    const { release } = await run(aTask(target, upgradeArgs(target, 'candidate')), asNobody);
    expect(release).toMatchObject({ revision: 3, status: 'deployed' });
  });

  /** Copies of a program and of a kubeconfig that every user of the machine can read. */
  async function readableForAll(program: string, kubeconfig: string): Promise<readonly [string, string]> {
    const folder = await mkdtemp(join(tmpdir(), 'serin-readable-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const paths = [join(folder, 'helm'), join(folder, 'kubeconfig')] as const;
    await copyFile(program, paths[0]);
    await copyFile(kubeconfig, paths[1]);
    for (const path of [folder, ...paths]) await chmod(path, 0o755);
    return paths;
  }

  test('stops helm when it is cancelled, so that helm marks its release failed', async () => {
    const target = await aTarget('cancelled');
    const input = aTask(target, await waitingArgs(target));
    const { result, cancel } = cancellableActivity(() => runHelm({ cluster, helm, allowedCommands }, input));
    const outcome = expect(result).rejects.toThrow('CANCELLED');
    await isPendingUpgrade(target);
    cancel();
    await outcome;
    expect((await history(target)).at(-1)).toEqual({ revision: 3, status: 'failed' });
  });

  test('leaves no helm behind when its worker is killed', async () => {
    const target = await aTarget('orphaned');
    const args = await waitingArgs(target);
    const runner = new URL('../../../activities/commands/run-process.ts', import.meta.url);
    const request = {
      command: sandbox.tools.helm,
      args: [...args, '-n', target.namespace],
      limitMs: 60_000,
      bounds: defaultBounds,
    };
    const source = `
      import { runProcess } from ${JSON.stringify(runner.href)};
      const { PATH, KUBECONFIG, HELM_KUBEASUSER } = process.env;
      const environment = { PATH, KUBECONFIG, HELM_KUBEASUSER };
      const signal = new AbortController().signal;
      await runProcess({ ...${JSON.stringify(request)}, environment, signal });`;
    const worker = spawn(process.execPath, ['--input-type=module', '--eval', source], {
      env: { ...process.env, KUBECONFIG: sandbox.workerKubeconfig, HELM_KUBEASUSER: access.user },
      stdio: 'ignore',
    });
    await isPendingUpgrade(target);
    worker.kill('SIGKILL');
    // Helm gets SIGTERM from its guard and has the time to say so.
    await vi.waitFor(async () => expect((await history(target)).at(-1)?.status).toBe('failed'), { timeout: 120_000 });
    const { release } = await run(aTask(target, upgradeArgs(target, 'candidate')));
    expect(release).toMatchObject({ revision: 4, status: 'deployed' });
  });

  const isPendingUpgrade = (target: SampleTarget) =>
    vi.waitFor(async () => expect((await history(target)).at(-1)?.status).toBe('pending-upgrade'), {
      timeout: 120_000,
    });

  /** An upgrade that waits: its chart has a claim that nobody fulfils. */
  async function waitingArgs(target: SampleTarget): Promise<string[]> {
    const directory = join(sandbox.stateDirectory, `waiting-${target.name}`);
    await mkdir(join(directory, 'templates'), { recursive: true });
    await writeFile(join(directory, 'Chart.yaml'), 'apiVersion: v2\nname: waiting\nversion: 0.1.0\n');
    const service = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: target.name } };
    const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } };
    await writeFile(join(directory, 'templates', 'claim.yaml'), JSON.stringify({ ...service, spec }));
    await grantClaims(target);
    const chart = await publishChart(sandbox, directory, `waiting-${target.name}`);
    return ['upgrade', target.name, chart, '--wait', '--timeout', '50s'];
  }

  async function grantClaims({ name }: SampleTarget): Promise<void> {
    const rule = ['--verb=*', '--resource=persistentvolumeclaims'];
    await kubectl('create', 'role', `${name}-claims`, ...rule);
    const subject = [`--serviceaccount=${ownNamespace}:serin`, `--role=${name}-claims`];
    await kubectl('create', 'rolebinding', `${name}-claims`, ...subject);
    const deletion = ['--verb=delete', '--resource=services.serving.knative.dev'];
    await kubectl('create', 'role', `${name}-services`, ...deletion);
    const services = [`--serviceaccount=${ownNamespace}:serin`, `--role=${name}-services`];
    await kubectl('create', 'rolebinding', `${name}-services`, ...services);
  }
});

function finishWith(target: SampleTarget, ...more: string[]): Task {
  const folder = target.valuesUrls.candidate.replace(/[^/]*$/, '');
  const args = ['upgrade', '--install', target.name, target.chartUrl, `--values=${folder}{{ .promote }}.yaml`, ...more];
  return { kind: 'exec', command: 'helm', args, interpolate: true };
}

function experimentOn(target: SampleTarget, changes: Partial<Experiment> = {}): Experiment {
  return anExperiment({
    target: { namespace: target.namespace, name: target.name },
    baseline: { name: 'current', revision: target.baselineRevision, variables: { promote: 'values' } },
    candidates: [{ name: 'candidate', revision: target.candidateRevision, variables: { promote: 'candidate-values' } }],
    finish: [finishWith(target)],
    ...changes,
  });
}

describe('preflight', () => {
  let target: SampleTarget;
  beforeAll(async () => {
    target = await aTarget('checked');
  });

  /** No test sends requests to its target. */
  const noSeries = expect.stringMatching(
    /^Prometheus has no request metrics of .* the run is blind while this lasts$/,
  ) as string;

  const check = (experiment: Experiment, changes: Partial<PreflightDependencies> = {}) =>
    preflight(preflightDependencies(changes), { experiment, holder });

  async function preflightProblems(
    experiment: Experiment,
    changes: Parameters<typeof check>[1] = {},
  ): Promise<readonly string[]> {
    const { type, isRetryable, message, details } = await caughtFailure(() => check(experiment, changes));
    expect({ type, isRetryable, message }).toMatchObject({ type: 'PreflightRefused', isRetryable: false });
    const [{ problems }] = details as [{ problems: readonly string[] }];
    for (const problem of problems) expect(message).toContain(`- ${problem}`);
    return problems;
  }

  test('answers with what was found, changes nothing but its own Lease, and notes the baseline there', async () => {
    const read = () => kubectl('get', 'ksvc', target.name, '-o', 'jsonpath={.spec}{.metadata.annotations}');
    const before = await read();
    expect(await asActivity(() => check(experimentOn(target)))).toEqual({
      correlations: [null, null],
      pins: Object.fromEntries(
        [target.chartUrl, target.valuesUrls.baseline, target.valuesUrls.candidate].map((url) => [
          url,
          expect.stringMatching(/^[0-9a-f]{64}$/),
        ]),
      ),
      firstStep: { weights: [10], reason: 'first step, 10 %' },
      hasCalendar: false,
      revisions: [
        { revision: 'checked-v1', image: 'gcr.io/knative-samples/knative-route-demo:blue' },
        { revision: 'checked-v2', image: 'gcr.io/knative-samples/knative-route-demo:green' },
      ],
      weights: [0],
      tags: [
        { tag: 'current', revisionName: 'checked-v1' },
        { tag: 'candidate', revisionName: 'checked-v2' },
      ],
      warnings: [noSeries],
    });
    expect(await read()).toBe(before);
    expect(await history(target)).toHaveLength(2);
    const lease = await asActivity(() => readLease(cluster, target));
    expect(lease?.metadata?.annotations?.[leaseAnnotations.baseline]).toBe('checked-v1');
    expect(lease?.metadata?.annotations?.[leaseAnnotations.previousPlan]).toBeUndefined();
  });

  test("keeps the baseline from Knative's garbage collection until the target is given up", async () => {
    const kept = await aTarget('kept');
    const annotation = async () => {
      const { metadata } = JSON.parse(await kubectl('get', 'revision', 'kept-v1', '-o', 'json'));
      return metadata.annotations[noCollectionAnnotation] as string | undefined;
    };
    const giveUp = () =>
      asActivity(() => releaseTarget({ cluster, temporal }, { target: kept, holder, verified: true }));
    await asActivity(() => check(experimentOn(kept)));
    expect(await annotation()).toBe('true');
    await asActivity(() => check(experimentOn(kept)));
    await giveUp();
    expect(await annotation()).toBeUndefined();
    await kubectl('annotate', 'revision', 'kept-v1', `${noCollectionAnnotation}=true`);
    await asActivity(() => cluster.createLease(leaseObjectName(kept), newLease(kept, holder)));
    await asActivity(() => check(experimentOn(kept)));
    await giveUp();
    expect(await annotation()).toBe('true');
  });

  test('remembers the last write of the run before', async () => {
    await kubectl('annotate', 'ksvc', target.name, 'serin.dev/plan=run-before/8');
    await asActivity(() => check(experimentOn(target)));
    const lease = await asActivity(() => readLease(cluster, target));
    expect(lease?.metadata?.annotations?.[leaseAnnotations.previousPlan]).toBe('run-before/8');
  });

  test('refuses a chart that would deploy another image, for the winner that it concerns', async () => {
    const image = 'gcr.io/knative-samples/knative-route-demo:red';
    const problems = await preflightProblems(
      experimentOn(target, { finish: [finishWith(target, '--set', `image=${image}`)] }),
    );
    expect(problems).toHaveLength(2);
    expect(problems[0]).toMatch(
      /^for current, helm upgrade .*: Knative Service helm-activities\/checked is rendered with image .*:red, but .*:blue was judged$/,
    );
    expect(problems[1]).toMatch(/^for candidate, .* is rendered with image .*:red, but .*:green was judged$/);
  });

  test('refuses a chart that would deploy another revision, or one without a name', async () => {
    const other = await preflightProblems(
      experimentOn(target, { finish: [finishWith(target, '--set', 'name=checked-v3')] }),
    );
    expect(other.at(-1)).toContain('is rendered with revision checked-v3, but checked-v2 was judged');
    const unnamed = await preflightProblems(
      experimentOn(target, { finish: [finishWith(target, '--set', 'name=null')] }),
    );
    expect(unnamed.at(-1)).toContain('set spec.template.metadata.name to checked-v2 in the chart');
  });

  test('refuses values that render traffic for another revision than the judged one', async () => {
    const args = ['upgrade', target.name, target.chartUrl, `--values=${target.valuesUrls.experimental}`];
    const finish: Task[] = [{ kind: 'exec', command: 'helm', args, interpolate: true }];
    const problems = await preflightProblems(experimentOn(target, { finish }));
    expect(problems.at(-1)).toContain(
      'is rendered with traffic checked-v1 100 %, not 100 % checked-v2; leave traffic out of it',
    );
  });

  test('refuses a release whose name, filled in, begins with a dash', async () => {
    const args = ['upgrade', '--', '{{ .promote }}', target.chartUrl];
    const finish: Task[] = [{ kind: 'exec', command: 'helm', args, interpolate: true }];
    const { baseline } = experimentOn(target);
    const dashed = { ...baseline, variables: { promote: '--post-renderer=sh' } };
    const problems = await preflightProblems(experimentOn(target, { finish, baseline: dashed }));
    expect(problems).toContainEqual(
      expect.stringMatching(
        /^finish action for current: helm upgrade -- .*: args\[2\]: the argument "--post-renderer=sh" begins with a dash$/,
      ),
    );
  });

  test('lists all problems together', async () => {
    const { baseline, candidates } = experimentOn(target);
    const kubectlTask: Task = { kind: 'exec', command: 'kubectl', args: ['version'], interpolate: false };
    const experiment = experimentOn(target, {
      baseline: { ...baseline, revision: target.candidateRevision },
      candidates,
      finish: [
        kubectlTask,
        { kind: 'exec', command: 'helm', args: ['upgrade', 'no-release', target.chartUrl], interpolate: true },
      ],
    });
    const problems = await preflightProblems(experiment);
    expect(problems).toEqual([
      'stale baseline: the traffic of helm-activities/checked is checked-v1 100 %, but checked-v2 must have 100 % together; name the revision that serves now as the baseline',
      'command "kubectl" is not allowed on this worker; allowed: helm',
      'release helm-activities/no-release does not exist: a finish action would install it beside what is running; name the release of the target and its namespace',
    ]);
  });

  test('warns of commands whose effect it cannot see ahead, and of --atomic', async () => {
    const kubectlTask: Task = { kind: 'exec', command: 'kubectl', args: ['version'], interpolate: false };
    const experiment = experimentOn(target, { finish: [finishWith(target, '--atomic'), kubectlTask] });
    const { warnings } = await asActivity(() => check(experiment, { allowedCommands: ['helm', 'kubectl'] }));
    expect(warnings).toEqual([
      'finish action kubectl: its effect cannot be compared with the judged revision before it runs',
      '--atomic: a failing helm goes back to its previous revision by itself, with the traffic that it rendered then',
      noSeries,
    ]);
  });

  test('tells a fault of the chart once, for all versions that it concerns', async () => {
    const broken = { 'broken.yaml': '{{ fail "no such region" }}' };
    const chartUrl = await publishChartWith(sandbox, target, broken);
    const finish = [finishWith({ ...target, chartUrl })];
    expect(await preflightProblems(experimentOn(target, { finish }))).toEqual([
      expect.stringMatching(
        /^for current and candidate, helm upgrade checked http\S+ …: failed with exit code 1: Error: .*no such region$/,
      ),
    ]);
  });

  test('asks for the rights of hooks, also of those that only the values of the baseline have', async () => {
    const hook = (name: string, event: string) =>
      [
        'apiVersion: batch/v1',
        'kind: Job',
        `metadata: {name: ${name}, annotations: {helm.sh/hook: ${event}}}`,
        'spec: {template: {spec: {restartPolicy: Never, containers: [{name: hook, image: busybox}]}}}',
      ].join('\n');
    const hooked = await aTarget('hooked');
    const chartUrl = await publishChartWith(sandbox, hooked, {
      'unused.yaml': hook('unused', 'pre-install'),
      'migrate.yaml': `{{ if eq .Values.name "hooked-v1" }}\n${hook('migrate', 'post-upgrade')}\n{{ end }}\n`,
    });
    const finish = [finishWith({ ...hooked, chartUrl })];
    expect(await preflightProblems(experimentOn(hooked, { finish }))).toEqual([
      expect.stringMatching(
        /^for current, helm upgrade .*: helm may not get, create, delete, list, watch jobs\.batch in namespace helm-activities, which the chart has as a hook; /,
      ),
    ]);
    const without = [finishWith({ ...hooked, chartUrl }, '--no-hooks')];
    await asActivity(() => check(experimentOn(hooked, { finish: without })));
  });

  test('refuses a chart that has the target as a hook', async () => {
    const service = { apiVersion: 'serving.knative.dev/v1', kind: 'Service' };
    const metadata = { name: 'checked', annotations: { 'helm.sh/hook': 'post-install' } };
    const chartUrl = await publishChartWith(sandbox, target, {
      'target-hook.yaml': JSON.stringify({ ...service, metadata, spec: {} }),
    });
    const problems = await preflightProblems(experimentOn(target, { finish: [finishWith({ ...target, chartUrl })] }));
    expect(problems.at(-1)).toContain(
      'Knative Service helm-activities/checked is rendered as a hook, which helm deletes and creates anew',
    );
  });

  test('refuses a release whose record would not fit into a Secret, since helm could not keep it', async () => {
    // What cannot be compressed, in base64 since a chart is text.
    const large = randomBytes(900 * 1024).toString('base64');
    const chartUrl = await publishChartWith(sandbox, target, { 'large.yaml': `{{/* ${large} */}}\n` });
    const finish = [finishWith({ ...target, chartUrl })];
    const problems = await preflightProblems(experimentOn(target, { finish }));
    expect(problems).toEqual([
      expect.stringMatching(
        /^for current and candidate, .*: helm could not keep the release: its record takes about 1[56]\d0 KiB, /,
      ),
    ]);
    const failed = await failureOfRun(aTask(target, upgradeArgs({ ...target, chartUrl }, 'candidate')));
    expect(failed.message).toContain('1048576 bytes');
  });

  test.each([
    ['random values', 'random.yaml', '{{ randAlphaNum 8 }}'],
    ['dates', 'dated.yaml', '{{ now | unixEpoch }}'],
  ])('renders twice: %s in a pinned chart are known before the run begins', async (_, file, value) => {
    const configMap = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: varying, annotations: {helm.sh/hook: test}}\ndata: {text: "${value}"}\n`;
    const chartUrl = await publishChartWith(sandbox, target, { [file]: configMap });
    const finish = [finishWith({ ...target, chartUrl })];
    const varies = `release helm-activities/checked: sample-app/templates/${file} rendered something else the second time (random values, or a date)`;
    expect(await preflightProblems(experimentOn(target, { finish, isPinned: true }))).toEqual([
      expect.stringContaining(`${varies}, but only what is rendered now, to the byte, could be promoted; `),
    ]);
    const { warnings } = await asActivity(() => check(experimentOn(target, { finish })));
    expect(warnings).toEqual([`${varies}: what is deployed at the end is not what was rendered here`, noSeries]);
  });

  test('warns of a chart that asks for the time, where two renderings are the same', async () => {
    const dated = `{{/* a comment */}}{{ if lt (now | date "2006") "1999" }}kind: Never{{ end }}\n`;
    const chartUrl = await publishChartWith(sandbox, target, { 'yearly.yaml': dated });
    const finish = [finishWith({ ...target, chartUrl })];
    const { warnings } = await asActivity(() => check(experimentOn(target, { finish, isPinned: true })));
    expect(warnings).toEqual([
      'release helm-activities/checked: templates/yearly.yaml of the chart asks for the time (now): what it renders may change meanwhile, and the promotion would then be refused',
      noSeries,
    ]);
  });

  test('warns of what subcharts ask for, be they folders or archives', async () => {
    const folder = join(sandbox.stateDirectory, 'subchart', 'inner');
    await mkdir(join(folder, 'templates'), { recursive: true });
    await writeFile(join(folder, 'Chart.yaml'), 'apiVersion: v2\nname: inner\nversion: 1.2.3\n');
    await writeFile(
      join(folder, 'templates', 'found.yaml'),
      '{{ if lookup "v1" "Secret" .Release.Namespace "b" }}kind: A{{ end }}',
    );
    await sandbox.helm('package', folder, '--destination', dirname(folder));
    const archive = await readFile(join(dirname(folder), 'inner-1.2.3.tgz'));
    const chartUrl = await publishChartWith(sandbox, target, {
      '../charts/outer/Chart.yaml': 'apiVersion: v2\nname: outer\nversion: 1.0.0\n',
      '../charts/outer/templates/yearly.yaml': '{{ if lt (now | date "2006") "1999" }}kind: Never{{ end }}\n',
      '../charts/inner-1.2.3.tgz': archive,
    });
    const finish = [finishWith({ ...target, chartUrl })];
    const { warnings } = await asActivity(() => check(experimentOn(target, { finish, isPinned: true })));
    expect(warnings).toEqual([
      expect.stringContaining('charts/outer/templates/yearly.yaml of the chart asks for the time (now): '),
      expect.stringContaining(
        'charts/inner/templates/found.yaml of the chart asks for objects of the cluster (lookup): ',
      ),
      noSeries,
    ]);
  });

  test("names the RoleBinding that is missing for helm's records", async () => {
    const unbound = await aTarget('unbound', { namespace: 'helm-activities-unbound', consent: 'withoutSecrets' });
    expect(await preflightProblems(experimentOn(unbound), accounts.of(unbound.namespace))).toEqual([
      "helm, as system:serviceaccount:helm-activities-unbound:serin, may not get, list, create, update, delete secrets in namespace helm-activities-unbound, where the release's records are; the owner of namespace helm-activities-unbound allows it with `kubectl create rolebinding serin-secret-reader-writer --namespace helm-activities-unbound --clusterrole serin-secret-reader-writer --serviceaccount helm-activities-unbound:serin`",
    ]);
  });

  test('refuses another major version of helm by its name', async () => {
    const directory = join(sandbox.stateDirectory, 'helm-4');
    await writeFile(directory, '#!/bin/sh\necho v4.0.1\n', { mode: 0o755 });
    expect(await preflightProblems(experimentOn(target), { helm: helmAt(directory) })).toEqual([
      'helm v4.0.1 is not supported: serin is tested with Helm 3 only; Helm 4 applies new releases on the side of the server, where the rehearsal sends the merge patch of Helm 3; give the worker a Helm 3',
    ]);
  });

  test('refuses an interval that is not longer than a scrape', async () => {
    const experiment = experimentOn(target, { intervalMs: 10_000 });
    const [problem] = await preflightProblems(experiment, { metrics: { ...metrics, scrapeIntervalMs: 15_000 } });
    expect(problem).toMatch(/^the interval of 10 s is not longer than a scrape of 15 s /);
  });

  test('waits for a Prometheus that does not answer, since the run would be blind', async () => {
    const away = { ...metrics, prometheusUrl: 'http://127.0.0.1:1' };
    const failed = await caughtFailure(() => check(experimentOn(target), { metrics: away }));
    expect(failed).toMatchObject({ type: 'MetricsUnavailable', isRetryable: true });
    expect(failed.message).toContain('the run would be blind from its first step on');
  });

  test.each([
    {
      status: 403,
      body: 'no',
      says: /^the run would be blind from its first step on: .* HTTP 403: no; nothing says who asks: set SERIN_/,
    },
    { status: 200, body: '<html>', says: /did not answer like Prometheus, check the URL: <html>$/ },
  ])('ends where Prometheus goes on answering HTTP $status, $body', async ({ says, ...answer }) => {
    const store = await startScriptedStore({ answer: () => answer });
    onTestFinished(() => store.close());
    const elsewhere = { ...metrics, prometheusUrl: store.url };
    const problems = await preflightProblems(experimentOn(target), { metrics: elsewhere, patienceMs: 1_000 });
    expect(problems).toEqual([expect.stringMatching(says)]);
  });

  test.each([
    { name: 'an error page', status: 200, body: '<html>' },
    { name: 'a refusal', status: 403, body: 'no' },
    { name: 'a torn answer', status: 200, body: '{"status":"success","data":{"resultTy' },
    { name: 'no clock', status: 200, body: '{"status":"success","data":{"resultType":"vector","result":[]}}' },
  ])('passes where Prometheus gives $name only for a moment', async ({ name: _, ...hiccup }) => {
    let hiccups = 2;
    const store = await startScriptedStore({ answer: () => (hiccups-- > 0 ? hiccup : undefined) });
    onTestFinished(() => store.close());
    const elsewhere = { ...metrics, prometheusUrl: store.url };
    expect(await asActivity(() => check(experimentOn(target), { metrics: elsewhere }))).toHaveProperty('weights');
  });

  test('refuses a release on which an operation may be at work', async () => {
    const busy = await aTarget('operated');
    const atMs = await leavePending(busy, 2, 1_000);
    const [problem] = await preflightProblems(experimentOn(busy));
    expect(problem).toMatch(
      /^release helm-activities\/operated is at revision 2, pending-upgrade since .*: an operation may be at work for another \d+ s; start again when it has ended$/,
    );
    expectLeft(problem, { atMs, agoSeconds: 1, limitSeconds: 300 });
  });

  test('waits for the helm of somebody else as long as the worker is told, whatever its own timeout is', async () => {
    const shared = await aTarget('shared');
    const atMs = await leavePending(shared, 2, 20_000);
    const experiment = experimentOn(shared, { finish: [finishWith(shared, '--timeout', '5s')] });
    const [problem] = await preflightProblems(experiment, { helm: helmAt(sandbox.tools.helm, 600_000) });
    expectLeft(problem, { atMs, agoSeconds: 20, limitSeconds: 600 });
  });

  test('frees a release that was left pending long ago', async () => {
    const abandoned = await aTarget('abandoned');
    await leavePending(abandoned, 2, 20_000);
    await asActivity(() => check(experimentOn(abandoned, { finish: [finishWith(abandoned, '--timeout', '5s')] })));
    expect((await history(abandoned)).at(-1)).toEqual({ revision: 2, status: 'failed' });
  });

  test('is fenced off when the Lease is lost', async () => {
    const input = { experiment: experimentOn(target), holder: { ...holder, firstRunId: 'run-other' } };
    const { type } = await caughtFailure(() => preflight(preflightDependencies(), input));
    expect(type).toBe('Fenced');
  });
});

describe.concurrent('compareRendered', () => {
  const judgedRevisions = (target: SampleTarget) => [
    { revision: target.baselineRevision, image: 'gcr.io/knative-samples/knative-route-demo:blue' },
    { revision: target.candidateRevision, image: 'gcr.io/knative-samples/knative-route-demo:green' },
  ];

  test('refuses what helm would leave in place, since its release was not changed with it', async () => {
    const target = await aTarget('meddled');
    const containers = [{ image: 'gcr.io/knative-samples/knative-route-demo:red' }];
    const template = { metadata: { name: 'meddled-v3' }, spec: { containers } };
    await kubectl('patch', 'ksvc', 'meddled', '--type=merge', '-p', JSON.stringify({ spec: { template } }));
    const compare = (winner: 'current' | 'candidate') =>
      compareRendered(
        { cluster, helm },
        { experiment: experimentOn(target), winner, revisions: judgedRevisions(target) },
      );
    const { type, message } = await caughtFailure(() => compare('candidate'));
    expect(type).toBe('PromotionMismatch');
    expect(message).toContain(
      'would have the template of revision meddled-v3, but meddled-v2 was judged; helm leaves in place what does not differ between the manifests of its release: put the template back first',
    );
    // The baseline's values differ from the release's, so that helm writes all of it.
    await asActivity(() => compare('current'));
  });

  test('compares with the release as it is deployed, whatever failed since', async () => {
    const target = await aTarget('retried');
    const wrong = upgradeArgs(target, 'candidate', '--set', 'image=gcr.io/knative-samples/knative-route-demo:red');
    expect(await failureOfRun(aTask(target, wrong))).toMatchObject({ type: 'CommandFailed' });
    expect((await history(target)).at(-1)).toEqual({ revision: 3, status: 'failed' });
    const { manifest } =
      (await asActivity(() => helm.deployed({ release: 'retried', namespace: ownNamespace })))?.content ?? {};
    expect(manifest).toContain('knative-route-demo:green');
    const input = {
      experiment: experimentOn(target),
      winner: 'candidate' as const,
      revisions: judgedRevisions(target),
    };
    await asActivity(() => compareRendered({ cluster, helm }, input));
  });

  test('frees a release that a killed helm left pending, for which helm renders nothing', async () => {
    const target = await aTarget('left-pending');
    await leavePending(target, 2, 20_000);
    const compare = (timeout: string) => {
      const experiment = experimentOn(target, { finish: [finishWith(target, '--timeout', timeout)] });
      const input = { experiment, winner: 'candidate' as const, revisions: judgedRevisions(target) };
      return compareRendered({ cluster, helm }, input);
    };
    expect(await caughtFailure(() => compare('1m'))).toMatchObject({ type: 'ReleaseBusy', isRetryable: true });
    await asActivity(() => compare('5s'));
    expect((await history(target)).at(-1)).toEqual({ revision: 2, status: 'failed' });
  });

  test('refuses a hook that has changed since it was pinned', async () => {
    const target = await aTarget('hook-pinned');
    const values = (text: string) => publishFile(sandbox, 'hook-pinned.yaml', `hook: ${text}\n`);
    const valuesUrl = await values('first');
    const chartUrl = await publishChartWith(sandbox, target, {
      'hook.yaml':
        'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: hook, annotations: {helm.sh/hook: post-rollback}}\ndata: {text: "{{ .Values.hook }}"}\n',
    });
    const finish = [finishWith({ ...target, chartUrl }, `--values=${valuesUrl}`)];
    const experiment = experimentOn(target, { finish, isPinned: true });
    const [candidate] = experiment.candidates;
    const { upgrades } = helmUpgrades(experiment, candidate ?? expect.fail('no candidate'));
    const revisions = judgedRevisions(target);
    const compared = await asActivity(() => compareUpgrades({ cluster, helm }, { experiment, upgrades, revisions }));
    const digest = renderingDigest(compared.renderings.map(({ content }) => content));
    const compare = () =>
      compareRendered(
        { cluster, helm },
        { experiment, winner: 'candidate', revisions: judgedRevisions(target), digest },
      );
    await asActivity(compare);
    await values('second');
    const { type, message } = await caughtFailure(compare);
    expect(type).toBe('PromotionMismatch');
    expect(message).toContain(
      'chart and values render something else, in the manifest or in a hook, than at the start',
    );
  });

  test('accepts what preflight accepted, and refuses what has changed since', async () => {
    const target = await aTarget('compared');
    const experiment = experimentOn(target);
    const { revisions } = await asActivity(() => preflight(preflightDependencies(), { experiment, holder }));
    await asActivity(() => compareRendered({ cluster, helm }, { experiment, winner: 'candidate', revisions }));
    const values = join(
      sandbox.stateDirectory,
      'charts',
      'targets',
      ownNamespace,
      'compared',
      'sample-app',
      'candidate-values.yaml',
    );
    await writeFile(values, (await readFile(values, 'utf8')).replace(':green', ':red'));
    const { type, isRetryable, message } = await caughtFailure(() =>
      compareRendered({ cluster, helm }, { experiment, winner: 'candidate', revisions }),
    );
    expect({ type, isRetryable }).toEqual({ type: 'PromotionMismatch', isRetryable: false });
    expect(message).toContain(
      'is rendered with image gcr.io/knative-samples/knative-route-demo:red, but gcr.io/knative-samples/knative-route-demo:green was judged',
    );
  });
});
