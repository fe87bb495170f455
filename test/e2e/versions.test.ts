import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { loadAll } from 'js-yaml';
import { beforeAll, describe, expect, test } from 'vitest';
import { defined } from '../../core/text/defined.ts';
import { readTaskQueue } from '../../client/temporal/task-queue.ts';
import { approveSignal } from '../../contract/messages.ts';
import { workflowType } from '../../contract/names.ts';
import type { ExperimentWorkflow } from '../../contract/workflow.ts';
import type { SampleTarget, Sandbox, SupervisedProcess } from '../../sandbox/index.ts';
import { runSerin } from '../client/serin-environment.ts';
import { testCluster } from '../support/cluster.ts';
import { manifestFor } from '../support/manifest.ts';
import { deployTarget, observeScenario, underLoad } from '../support/scenario.ts';
import type { Scenario } from '../support/scenario.ts';
import { startSecondTemporal } from '../support/second-temporal.ts';
import type { SecondTemporal } from '../support/second-temporal.ts';
import { until } from '../support/until.ts';
import { killWorker, startWorkerProcess } from '../support/worker-process.ts';
import { bundleWorkflows } from '../support/workflow-bundle.ts';

const namespace = 'versions';
/** Promotes whatever was measured, and so does not replay what another version has begun. */
const otherPlan = { 'core/planner/plan-candidate.ts': 'test/support/changed-plan.ts' };
const objectives = [{ metric: 'error-rate', upperLimit: '0.01' }];

/** An object of `deploy/worker-deployment.yaml`. */
interface ManifestObject {
  readonly kind: string;
  readonly metadata: object;
  readonly spec: {
    readonly template: { readonly metadata: { readonly labels: Readonly<Record<string, string>> } };
    readonly replicas: number;
  };
}

function readManifest(): readonly ManifestObject[] {
  const text = readFileSync(new URL('../../deploy/worker-deployment.yaml', import.meta.url), 'utf8');
  return loadAll(text) as ManifestObject[];
}

/** The object in the default namespace, in kinds that the API server knows without Temporal's controller. */
function known(object: ManifestObject): readonly object[] {
  const metadata = { ...object.metadata, namespace: 'default' };
  if (object.kind === 'Connection') return [];
  if (object.kind !== 'WorkerDeployment') return [{ ...object, metadata }];
  const { template, replicas } = object.spec;
  const spec = { replicas, template, selector: { matchLabels: template.metadata.labels } };
  return [{ apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec }];
}

let sandbox: Sandbox;
let temporal: SecondTemporal;

beforeAll(async () => {
  ({ sandbox } = await testCluster());
  const settings = {
    // Minutes by default: how soon a version is found to be drained, and a worker to be gone.
    'matching.wv.VersionDrainageStatusVisibilityGracePeriod': '"1s"',
    'matching.wv.VersionDrainageStatusRefreshInterval': '"1s"',
    'matching.longPollExpirationInterval': '"2s"',
    'matching.PollerHistoryTTL': '"10s"',
    'limit.historyCount.suggestContinueAsNew': '40',
  };
  const args = Object.entries(settings).flatMap(([key, value]) => ['--dynamic-config-value', `${key}=${value}`]);
  temporal = await startSecondTemporal(sandbox, { name: 'versions-temporal', args });
});

describe.concurrent('versions of workers', { timeout: 480_000 }, () => {
  test('the objects of the manifest for the controller, its pods as a Deployment, are ones that the API server takes', async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'serin-versions-')), 'objects.json');
    await writeFile(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: readManifest().flatMap(known) }));
    const checked = ['--dry-run=server', '--validate=strict', '-n', 'default', '-o', 'name'];
    expect((await sandbox.kubectl('create', ...checked, '-f', file)).trim().split('\n')).toEqual([
      expect.stringMatching(/^configmap\//),
      expect.stringMatching(/^deployment.apps\//),
      expect.stringMatching(/^networkpolicy.networking.k8s.io\//),
    ]);
  });

  test('a run ends on the version that it began with, new ones begin on the next, and the first drains', async () => {
    const { setCurrent, startVersion, doctor, untilDoctorSays, deploymentName, begin } = versionsOn('older');
    const [older, newer] = await Promise.all([
      deployTarget({ name: 'older', namespace }),
      deployTarget({ name: 'newer', namespace }),
    ]);
    await startVersion('1');
    expect(await doctor()).toContain(
      `  fail  workers of version 1 of ${deploymentName} poll the task queue older, but no version is current\n` +
        `        -> temporal worker deployment set-current-version --deployment-name ${deploymentName} --build-id 1\n`,
    );
    await setCurrent('1');

    const { value: end } = await underLoad(older, async () => {
      const old = await begin(older);
      await old.untilReport('the gate', ({ awaitingApproval }) => awaitingApproval !== undefined);
      await startVersion('2', await bundleWorkflows(otherPlan));
      await setCurrent('2');
      const runs = await countRuns('older');
      await until('the old run to be continued as new', async () => (await countRuns('older')) > runs);
      const { value: fresh } = await underLoad(newer, async () => (await begin(newer)).end());
      expect(fresh.report).toMatchObject({ outcome: 'Promoted', reason: 'whatever was measured' });
      expect(await versionOf('newer')).toBe('2');
      await untilDoctorSays(
        `  ok    workers poll the task queue older\n` +
          `  ok    version 2 of ${deploymentName} is current; none runs on it\n` +
          `  ok    version 1 of ${deploymentName} gets no new experiments; 1 runs on it: older\n`,
      );
      await old.handle.signal(approveSignal, { by: 'alice' });
      return old.end();
    });
    expect(end.report).toMatchObject({ outcome: 'Promoted', reason: expect.stringContaining('alice') });
    expect(await versionOf('older')).toBe('1');

    await until('version 1 to be drained', async () => {
      const { stdout } = await cli('worker', 'deployment', 'describe', '--name', deploymentName);
      return / 1 +drained /.test(stdout);
    });
    await untilDoctorSays(`  ok    version 1 of ${deploymentName} gets no new experiments; none runs on it\n`);
  });

  test('a run that was begun without a version is taken up by the one that becomes current, and stays there', async () => {
    const { setCurrent, startVersion, startUnversioned, untilDoctorSays, deploymentName, begin } =
      versionsOn('adopted');
    const target = await deployTarget({ name: 'adopted', namespace });
    await startUnversioned();
    await underLoad(target, async () => {
      const run = await begin(target);
      await run.untilReport('the gate', ({ awaitingApproval }) => awaitingApproval !== undefined);
      await startVersion('1');
      expect(await versionOf('adopted')).toBeUndefined();
      await setCurrent('1');
      await until('version 1 to take it up', async () => (await versionOf('adopted')) === '1');
      await untilDoctorSays(`  ok    version 1 of ${deploymentName} is current; 1 runs on it: adopted\n`);
      await run.handle.signal(approveSignal, { by: 'alice' });
      expect((await run.end()).report.outcome).toBe('Promoted');
    });
  });

  test('a run whose version has no workers left is told as such, and is moved by hand to one that replays it', async () => {
    const { setCurrent, startVersion, untilDoctorSays, deploymentName, begin } = versionsOn('stranded');
    const target = await deployTarget({ name: 'stranded', namespace });
    const first = await startVersion('first');
    await setCurrent('first');
    await underLoad(target, async () => {
      const run = await begin(target);
      await run.untilReport('the gate', ({ awaitingApproval }) => awaitingApproval !== undefined);
      await startVersion('second');
      await setCurrent('second');
      await killWorker(first);
      const lost = `version first of ${deploymentName}`;
      await untilDoctorSays(
        `  fail  ${lost} gets no new experiments, and no worker of it polls; 1 runs on it: stranded\n`,
      );
      const got = await runSerin(['get', 'stranded', '--address', temporal.address]);
      expect(got.stdout + got.stderr).toContain(`no worker of ${lost} answers on task queue stranded`);
      await cli('workflow', 'update-options', '--workflow-id', 'stranded', ...override(deploymentName, 'second'));
      await run.handle.signal(approveSignal, { by: 'alice' });
      expect((await run.end()).report.outcome).toBe('Promoted');
    });
    expect(await versionOf('stranded')).toBe('second');
  });
});

/** Workers of a deployment of its own, as Temporal's worker controller would name it, on a task queue of its own. */
function versionsOn(taskQueue: string) {
  const deploymentName = `serin-system/${taskQueue}`;
  const start = (name: string, more: Readonly<Record<string, string>>): Promise<SupervisedProcess> => {
    const env = { TEMPORAL_ADDRESS: temporal.address, ...more };
    return startWorkerProcess(sandbox, { name: `${taskQueue}-${name}`, taskQueue, env });
  };
  const doctor = async (): Promise<string> => {
    const where = ['--kubeconfig', sandbox.kubeconfig, '--address', temporal.address, '--task-queue', taskQueue];
    return (await runSerin(['doctor', ...where, '--target', `${namespace}/${taskQueue}`])).stdout;
  };
  return {
    deploymentName,
    startUnversioned: () => start('unversioned', {}),
    /** Returns when Temporal knows that the version polls. */
    startVersion: async (buildId: string, bundle?: string): Promise<SupervisedProcess> => {
      const version = { TEMPORAL_DEPLOYMENT_NAME: deploymentName, TEMPORAL_WORKER_BUILD_ID: buildId };
      const worker = await start(buildId, { ...version, ...defined({ SERIN_WORKFLOW_BUNDLE: bundle }) });
      await until(`version ${buildId} to poll`, async () => {
        const { polledBy } = await readTaskQueue({ ...temporal, namespace: 'default' }, taskQueue);
        return polledBy.some((polling) => polling?.buildId === buildId);
      });
      return worker;
    },
    /** Temporal refuses it until the version's workers have polled. */
    setCurrent: async (buildId: string): Promise<void> => {
      const command = ['worker', 'deployment', 'set-current-version', '--deployment-name', deploymentName];
      await until(`version ${buildId} to be current`, async () =>
        cli(...command, '--build-id', buildId, '--yes').catch(() => undefined),
      );
    },
    /** Starts an experiment that is promoted only once somebody approves it. */
    begin: async (target: SampleTarget): Promise<Scenario> => {
      const manifest = manifestFor(target, { iterations: 4, objectives, annotations: { approval: 'required' } });
      const options = { taskQueue, workflowId: target.name, args: [manifest] as [object] };
      return observeScenario(target, await temporal.client.workflow.start<ExperimentWorkflow>(workflowType, options));
    },
    doctor,
    /** Temporal lists with a delay which experiments run, and on which version. */
    untilDoctorSays: async (lines: string): Promise<void> => {
      await until(`doctor to say ${lines}`, async () => (await doctor()).includes(lines));
    },
  };
}

/** The flags by which docs/upgrade.md moves a run to a version. */
function override(deploymentName: string, buildId: string): readonly string[] {
  const flags = { behavior: 'pinned', 'deployment-name': deploymentName, 'build-id': buildId };
  return Object.entries(flags).flatMap(([name, value]) => [`--versioning-override-${name}`, value]);
}

async function cli(...args: readonly string[]): Promise<{ readonly stdout: string }> {
  return promisify(execFile)(sandbox.tools.temporal, [...args, '--address', temporal.address]);
}

/** The build ID of the version that the workflow's last task ran on. */
async function versionOf(workflowId: string): Promise<string | null | undefined> {
  const { raw } = await temporal.client.workflow.getHandle(workflowId).describe();
  return raw.workflowExecutionInfo?.versioningInfo?.deploymentVersion?.buildId;
}

/** The runs of the workflow, of which each but the first is continued as new. */
async function countRuns(workflowId: string): Promise<number> {
  return (await temporal.client.workflow.count(`WorkflowId = "${workflowId}"`)).count;
}
