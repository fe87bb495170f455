import { setTimeout as delay } from 'node:timers/promises';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { abortSignal, approveSignal } from '../../../contract/messages.ts';
import { workflowType } from '../../../contract/names.ts';
import type { ExperimentWorkflow } from '../../../contract/workflow.ts';
import type { Sandbox, SampleTarget } from '../../../sandbox/index.ts';
import { auditLog } from '../../../sandbox/cluster/audit.ts';
import { experimentsIn } from '../../support/experiments.ts';
import { manifestFor } from '../../support/manifest.ts';
import { until } from '../../support/until.ts';
import { readHistory, readNotices, readWrites } from '../checker/read-facts.ts';
import type { RunEnd, RunFacts, TrafficEntry } from '../checker/facts.ts';
import { findViolations } from '../checker/violations.ts';
import { disturbances } from './disturbances.ts';
import type { Scene } from './disturbances.ts';
import type { Lane } from './lane.ts';
import { moments } from './moments.ts';
import { courses } from './plan.ts';
import type { Course, Incident, RunPlan } from './plan.ts';

export interface RunResult {
  readonly plan: RunPlan;
  /** Those that came before the end. */
  readonly happened: readonly Incident[];
  readonly outcome: string;
  readonly reason: string;
  readonly violations: readonly string[];
}

const intervalSeconds = 4;

/** Runs an experiment on a target of its own, disturbs it, and has what became of it checked. What cannot be checked counts as a violation. */
export async function runDisturbed(client: Client, lane: Lane, plan: RunPlan): Promise<RunResult> {
  return checkRun(client, lane, plan).catch((error: unknown) => {
    const violations = [`the run could not be checked: ${error instanceof Error ? error.stack : String(error)}`];
    return { plan, happened: [], outcome: 'unknown', reason: '', violations };
  });
}

async function checkRun(client: Client, lane: Lane, plan: RunPlan): Promise<RunResult> {
  const { number, incidents, random } = plan;
  const { sandbox, shared } = lane;
  const course = requireCourse(plan);
  const name = `run-${number}`;
  const { target, before } = await shared.use(() => deploy(lane, name, course));
  const handle = await shared.use(() => begin(client, lane, target, course));
  const begunAtMs = performance.now();
  const stop = new AbortController();
  // A late answer is no lost one.
  const load = { requestsPerSecond: 30, durationMs: 600_000, requestTimeoutMs: 30_000, signal: stop.signal };
  const loading = sandbox.sendLoad({ host: target.host, ...load });
  // Awaited at the end; until then a failure must not count as unhandled.
  loading.catch(() => undefined);
  const ending = untilClosed(handle);
  let isOver = false;
  ending.then(
    () => (isOver = true),
    () => (isOver = true),
  );
  const hasEnded = (): boolean => isOver;
  const scene = { lane, name, workflowId: handle.workflowId, random, hasEnded };
  const happened: Incident[] = [];
  const meet = async (incident: Incident): Promise<void> => {
    await moments[incident.moment]?.(handle, hasEnded, random);
    if (isOver) return;
    happened.push(incident);
    await disturbances[incident.disturbance]?.(scene);
  };
  const meetAll = async (): Promise<void> => {
    for (const incident of incidents) await meet(incident);
  };
  await Promise.all([ending, meetAll(), steer(scene, handle, course)]).finally(() => stop.abort());
  const answers = (await loading).byStatus;
  await untilTold(lane, name);
  const facts = await shared.use(() => readFacts(lane, target, handle.workflowId, { before, answers }));
  // The API server is everybody's: another lane may have taken it away from this run's helm.
  const mayHelmFail = shared.wasAway('apiServer', begunAtMs);
  const violations = [...findViolations(facts), ...findSurprise(plan, facts.end, mayHelmFail)];
  return { plan, happened, ...facts.end, violations };
}

function requireCourse({ course: name }: RunPlan): Course {
  const course = courses[name];
  if (course === undefined) throw new Error(`there is no course ${name}`);
  return course;
}

async function deploy(lane: Lane, name: string, { isBad }: Course): Promise<{ target: SampleTarget; before: number }> {
  const { sandbox, name: namespace } = lane;
  const target = await sandbox.deploySample({ name, namespace });
  await sandbox.apply(JSON.stringify(describeReceiver(lane)));
  if (isBad) {
    await sandbox.setFaults({ namespace, revision: target.candidateRevision }, [{ kind: 'errors', rate: 0.5 }]);
  }
  return { target, before: (await readRelease(sandbox, target)).length };
}

/** The Secret that says who is told of the experiments of a namespace. */
function describeReceiver({ name: namespace, notices: { url } }: Lane): object {
  const receivers = { receivers: [{ name: 'hook', webhook: { url } }] };
  const metadata = { name: 'serin-notices', namespace };
  return { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { 'receivers.yaml': JSON.stringify(receivers) } };
}

async function begin(client: Client, lane: Lane, target: SampleTarget, course: Course): Promise<WorkflowHandle> {
  const isEnded = course.endsAs === 'Aborted';
  const manifest = manifestFor(target, {
    intervalSeconds,
    iterations: isEnded ? 100 : 4,
    weights: { maxCandidateWeightIncrement: 20 },
    objectives: [{ metric: 'error-rate', upperLimit: '0.01' }],
    rollbackOnFailure: true,
    // A release that a killed helm has left pending is free after this.
    helmArgs: ['--timeout=15s'],
    annotations: course.people === 'approve' ? { approval: 'required' } : {},
  });
  if (course.begins === 'object') return apply(client, lane, target, manifest);
  const workflowId = `experiment/${target.namespace}/${target.name}`;
  const options = { taskQueue: lane.name, workflowId, args: [manifest] as [object] };
  return client.workflow.start<ExperimentWorkflow>(workflowType, options);
}

async function apply(
  client: Client,
  { sandbox, name }: Lane,
  target: SampleTarget,
  manifest: object,
): Promise<WorkflowHandle> {
  const experiments = await experimentsIn(name, sandbox);
  await experiments.apply(manifest);
  const workflowId = await until('the run to begin', async () => {
    return (await experiments.read(target.name)).status?.serin?.workflowId;
  });
  return client.workflow.getHandle(workflowId);
}

/** Does what people do in this course. Their requests are repeated until the end, as others may have taken Temporal or the API server away. */
async function steer(
  { lane, name, hasEnded, random }: Scene,
  handle: WorkflowHandle,
  { people }: Course,
): Promise<void> {
  if (people === undefined) return;
  if (people !== 'approve') await delay(10_000 + random() * 20_000);
  const by = { by: 'chaos' };
  const acts: Readonly<Record<typeof people, () => Promise<unknown>>> = {
    abort: () => handle.signal(abortSignal, by),
    approve: () => handle.signal(approveSignal, by),
    delete: () =>
      lane.sandbox.kubectl('delete', 'experiment', name, '-n', lane.name, '--ignore-not-found', '--wait=false'),
  };
  while (!hasEnded()) {
    await acts[people]().catch(() => undefined);
    await delay(2_000);
  }
}

async function untilClosed(handle: WorkflowHandle): Promise<void> {
  for (;;) {
    const described = await handle.describe().catch(() => undefined);
    if (described !== undefined && described.status.name !== 'RUNNING') return;
    await delay(250);
  }
}

/** The end may be told a while after it; where it is not, that is a violation. */
async function untilTold({ told }: Lane, name: string): Promise<void> {
  const isEnd = ({ event }: RunFacts['notices'][number]): boolean => endEvents.includes(event);
  const isTold = (): boolean => readNotices(told.filter(({ body }) => body.includes(`/${name}"`))).some(isEnd);
  const endsAtMs = performance.now() + tellingMs;
  while (!isTold() && performance.now() < endsAtMs) await delay(250);
}

const tellingMs = 120_000;
const endEvents = ['promoted', 'rolledback', 'aborted', 'failed', 'concluded'];

interface Seen {
  readonly before: number;
  readonly answers: RunFacts['answers'];
}

async function readFacts(
  { sandbox, told }: Lane,
  target: SampleTarget,
  workflowId: string,
  seen: Seen,
): Promise<RunFacts> {
  const { name, namespace, baselineRevision, candidateRevision } = target;
  const place = ['-n', namespace, '-o', 'json'];
  const service = JSON.parse(await sandbox.kubectl('get', 'ksvc', name, ...place)) as {
    status: { traffic: readonly TrafficEntry[] };
  };
  const leases = (await sandbox.kubectl('get', 'lease', '-n', namespace, '-o', 'name')).split('\n');
  const show = (...run: readonly string[]): Promise<string> =>
    sandbox.temporalCommand('workflow', 'show', '-w', workflowId, ...run, '--output', 'json');
  return {
    baselineRevision,
    candidateRevision,
    intervalMs: intervalSeconds * 1000,
    releaseRevisionsBefore: seen.before,
    releaseRevisions: await readRelease(sandbox, target),
    writes: await readWrites(auditLog(sandbox.stateDirectory), namespace, name),
    traffic: service.status.traffic,
    leases: leases.filter((lease) => lease.endsWith(`-${name}`)),
    answers: seen.answers,
    notices: readNotices(told),
    ...(await readHistory((runId) => show(...(runId === undefined ? [] : ['-r', runId])))),
  };
}

async function readRelease(sandbox: Sandbox, { name, namespace }: SampleTarget): Promise<RunFacts['releaseRevisions']> {
  return JSON.parse(await sandbox.helm('history', name, '-n', namespace, '-o', 'json')) as { status: string }[];
}

/** An end that neither the course nor what happened explains. helm, which runs once, cannot get over everything: its experiment then fails, and says so. */
function findSurprise(plan: RunPlan, { outcome, reason }: RunEnd, mayHelmFail: boolean): readonly string[] {
  const isHelms = mayHelmFail && outcome === 'Failed' && /helm|release/.test(reason);
  const isExpected = outcome === requireCourse(plan).endsAs || isHelms;
  return isExpected ? [] : [`a run of the course "${plan.course}" ended ${outcome}: ${reason}`];
}
