import { setTimeout as delay } from 'node:timers/promises';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { abortSignal, approveSignal } from '../../../contract/messages.ts';
import { workflowType } from '../../../contract/names.ts';
import type { ExperimentWorkflow } from '../../../contract/workflow.ts';
import { seededRandom } from '../../../core/offline/random.ts';
import type { Random } from '../../../core/offline/random.ts';
import type { SampleTarget } from '../../../sandbox/index.ts';
import { auditLog } from '../../../sandbox/cluster/audit.ts';
import { manifestFor } from '../../support/manifest.ts';
import { readHistory, readWrites } from '../checker/read-facts.ts';
import type { RunFacts, TrafficEntry } from '../checker/facts.ts';
import { findViolations } from '../checker/violations.ts';
import { disturbances } from './disturbances.ts';
import type { Lane } from './lane.ts';
import { moments } from './moments.ts';

/** What a run is about, and how it ends where nothing disturbs it. */
const courses = { good: 'Promoted', bad: 'RolledBack', aborted: 'Aborted', approved: 'Promoted' } as const;
type Course = keyof typeof courses;

/** What happens to a run, and when; names of the two tables. */
export interface Incident {
  readonly disturbance: string;
  readonly moment: string;
}

/** A run that a seed determines. */
export interface RunPlan {
  readonly number: number;
  readonly course: Course;
  readonly incidents: readonly Incident[];
  readonly random: Random;
}

export interface RunResult {
  readonly plan: RunPlan;
  /** Those that came before the end. */
  readonly happened: readonly Incident[];
  readonly outcome: string;
  readonly reason: string;
  readonly violations: readonly string[];
}

const namespace = 'survival';
const intervalSeconds = 4;

/** Every disturbance in turn, and beside it another one in every second run; the rest is by chance. */
export function planRun(seed: number, number: number): RunPlan {
  const random = seededRandom(seed * 1_000_003 + number);
  const names = Object.keys(disturbances);
  const first = names[number % names.length] ?? '';
  // Only there is a helm to kill.
  const course = first === 'helm killed' ? 'good' : pick(Object.keys(courses) as Course[], random);
  const drawn = random() < 0.5 ? [first] : [first, pick(names, random)];
  const incidents = drawn.map((disturbance) => ({
    disturbance,
    moment: disturbance === 'helm killed' ? 'in runHelm' : pick(momentsIn(course), random),
  }));
  return { number, course, incidents, random };
}

/** Of an abort no finish action runs. */
function momentsIn(course: Course): readonly string[] {
  const names = Object.keys(moments);
  return course === 'aborted' ? names.filter((name) => !/compareRendered|runHelm|verifyTarget/.test(name)) : names;
}

function pick<T>(values: readonly T[], random: Random): T {
  const value = values[Math.floor(random() * values.length)];
  if (value === undefined) throw new Error('expected a value');
  return value;
}

/** Runs an experiment on a target of its own, disturbs it, and has what became of it checked. What cannot be checked counts as a violation. */
export async function runDisturbed(client: Client, lane: Lane, plan: RunPlan): Promise<RunResult> {
  return checkRun(client, lane, plan).catch((error: unknown) => {
    const violations = [`the run could not be checked: ${error instanceof Error ? error.stack : String(error)}`];
    return { plan, happened: [], outcome: 'unknown', reason: '', violations };
  });
}

async function checkRun(client: Client, lane: Lane, plan: RunPlan): Promise<RunResult> {
  const { number, course, incidents, random } = plan;
  const { sandbox, shared } = lane;
  const name = `run-${number}`;
  const { target, before } = await shared.use(() => deploy(lane, name, course));
  const load = new AbortController();
  const loading = sandbox.sendLoad({
    host: target.host,
    requestsPerSecond: 30,
    durationMs: 600_000,
    signal: load.signal,
  });
  const handle = await shared.use(() => start(client, lane, target, course));
  const ending = untilClosed(handle);
  let isOver = false;
  void ending.then(() => (isOver = true));
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
  await Promise.all([ending, meetAll(), steer(handle, course, hasEnded, random)]).finally(() => load.abort());
  const answers = (await loading).byStatus;
  const facts = await shared.use(() => readFacts(lane, target, handle.workflowId, { before, answers }));
  const violations = [...findViolations(facts), ...findSurprise(plan, facts)];
  return { plan, happened, ...facts.end, violations };
}

async function deploy(
  { sandbox }: Lane,
  name: string,
  course: Course,
): Promise<{ target: SampleTarget; before: number }> {
  const target = await sandbox.deploySample({ name, namespace });
  if (course === 'bad') {
    await sandbox.setFaults({ namespace, revision: target.candidateRevision }, [{ kind: 'errors', rate: 0.5 }]);
  }
  return { target, before: (await readRelease(sandbox, name)).length };
}

async function start(client: Client, lane: Lane, target: SampleTarget, course: Course): Promise<WorkflowHandle> {
  const manifest = manifestFor(target, {
    intervalSeconds,
    iterations: course === 'aborted' ? 100 : 4,
    weights: { maxCandidateWeightIncrement: 20 },
    objectives: [{ metric: 'error-rate', upperLimit: '0.01' }],
    rollbackOnFailure: true,
    annotations: course === 'approved' ? { approval: 'required' } : {},
  });
  const workflowId = `experiment/${namespace}/${target.name}`;
  return client.workflow.start<ExperimentWorkflow>(workflowType, {
    taskQueue: lane.name,
    workflowId,
    args: [manifest],
  });
}

/** Does what people do in this course. Their requests are repeated until the end, as others may have taken Temporal away. */
async function steer(handle: WorkflowHandle, course: Course, hasEnded: () => boolean, random: Random): Promise<void> {
  if (course !== 'aborted' && course !== 'approved') return;
  if (course === 'aborted') await delay(10_000 + random() * 20_000);
  while (!hasEnded()) {
    const request = { by: 'chaos' };
    await (course === 'aborted' ? handle.signal(abortSignal, request) : handle.signal(approveSignal, request)).catch(
      () => undefined,
    );
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

interface Seen {
  readonly before: number;
  readonly answers: RunFacts['answers'];
}

async function readFacts({ sandbox }: Lane, target: SampleTarget, workflowId: string, seen: Seen): Promise<RunFacts> {
  const { name, baselineRevision, candidateRevision } = target;
  const place = ['-n', namespace, '-o', 'json'];
  const service = JSON.parse(await sandbox.kubectl('get', 'ksvc', name, ...place)) as {
    status: { traffic: readonly TrafficEntry[] };
  };
  const leases = (await sandbox.kubectl('get', 'lease', '-n', namespace, '-o', 'name')).split('\n');
  const printed = await sandbox.temporalCommand('workflow', 'show', '-w', workflowId, '--output', 'json');
  return {
    baselineRevision,
    candidateRevision,
    intervalMs: intervalSeconds * 1000,
    releaseRevisionsBefore: seen.before,
    releaseRevisions: await readRelease(sandbox, name),
    writes: await readWrites(auditLog(sandbox.stateDirectory), namespace, name),
    traffic: service.status.traffic,
    leases: leases.filter((lease) => lease.endsWith(`-${name}`)),
    answers: seen.answers,
    ...readHistory(printed),
  };
}

async function readRelease(sandbox: Lane['sandbox'], name: string): Promise<readonly { readonly status: string }[]> {
  return JSON.parse(await sandbox.helm('history', name, '-n', namespace, '-o', 'json')) as { status: string }[];
}

/** An end that neither the course nor the disturbance explains. A helm that failed fails its experiment, which says so. */
function findSurprise({ course }: RunPlan, { end: { outcome, reason } }: RunFacts): readonly string[] {
  const isHelms = outcome === 'Failed' && /helm|release/.test(reason);
  return outcome === courses[course] || isHelms ? [] : [`a ${course} run ended ${outcome}: ${reason}`];
}
