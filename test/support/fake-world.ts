import type { Closure } from '../../core/experiment/calendar.ts';
import { defined } from '../../core/text/defined.ts';
import type { ActVerification, VerifyActInput } from '../../contract/proof.ts';
import { ApplicationFailure } from '@temporalio/common';
import { computeWeights } from '../../activities/weights.ts';
import type { Experiment } from '../../core/experiment/experiment.ts';
import type { Measurement, RunMeasurement } from '../../core/measurements/measurement.ts';
import { showParts } from '../../core/tasks/template.ts';
import { allVersions } from '../../core/experiment/versions.ts';
import type { RevisionState, TargetObservation } from '../../core/traffic/target.ts';
import type { ExperimentActivities } from '../../contract/activities.ts';
import type { LeaseHolder } from '../../core/traffic/lease.ts';
import type { GuardInput, GuardResult } from '../../contract/observation.ts';
import type { ManifestReading, ReadManifestInput } from '../../contract/preparation.ts';
import type { NotifyHttpInput, RunTaskInput } from '../../contract/tasks.ts';
import type { SendNoticesInput } from '../../contract/notices.ts';
import type { AttemptResult, DeliveryAttempt } from '../../core/planner/outbox.ts';
import type { Acquisition, PatchTrafficInput, VerifyInput } from '../../contract/traffic.ts';
import { anExperiment, someCounts } from './builders.ts';

/** How the fake cluster behaves; a test replaces the parts that it is about. */
export interface WorldBehaviour {
  readonly experiment: Experiment;
  readonly searchAttributes: readonly string[];
  /** What the n-th observation (from 1) measures. */
  readonly measure: (n: number, window: { fromMs: number; toMs: number }) => Measurement | RunMeasurement;
  /** What the target looks like at the n-th observation, given the traffic that was written last. */
  readonly target: (n: number, written: TargetObservation) => TargetObservation;
  /** Called with what the manifest says, and with what was asked; it may throw. */
  readonly onRead: (reading: ManifestReading, input: ReadManifestInput) => void;
  /** Awaited before the n-th traffic write (from 1) is accepted; it may throw. */
  readonly onPatch: (n: number, input: PatchTrafficInput) => Promise<void> | void;
  readonly onTask: (input: RunTaskInput) => Promise<void> | void;
  readonly onObjectCheck: () => Promise<void> | void;
  readonly onNotify: (input: NotifyHttpInput) => Promise<void> | void;
  readonly onNotices: (input: SendNoticesInput) => Promise<AttemptResult> | AttemptResult;
  readonly hasReceivers: boolean;
  readonly hasCalendar: boolean;
  /** What the calendars say at the n-th observation; before the first step, of which nothing is observed, n is 0. */
  readonly calendar: (n: number) => Closure | undefined | Promise<Closure | undefined>;
  readonly onReadiness: () => Promise<void> | void;
  readonly onPreflight: () => Promise<void> | void;
  readonly onCompare: () => Promise<void> | void;
  readonly onVerify: (input: VerifyInput) => Promise<void> | void;
  /** What the n-th watch (from 1) between two iterations finds. */
  readonly guard: (n: number, input: GuardInput) => Promise<GuardResult> | GuardResult;
  /** What a proof says; by default the name that it consists of. */
  readonly verify: (input: VerifyActInput) => ActVerification | Promise<ActVerification>;
  readonly acquire: (attempt: number, holder: LeaseHolder) => Acquisition | Promise<Acquisition>;
  readonly mayFollowLatest: boolean;
  readonly weights: readonly number[];
}

/** Activities behind the contract, and what they were asked to do, in order. */
export interface FakeWorld {
  readonly activities: ExperimentActivities;
  /** `traffic 10`, `task helm upgrade …`, `observe`, `release`, `latest candidate`. */
  readonly log: string[];
  readonly patches: PatchTrafficInput[];
  observations: number;
}

const healthy: WorldBehaviour = {
  experiment: anExperiment(),
  searchAttributes: [],
  measure: (_n, window) => measured(window),
  target: (_n, written) => written,
  onRead: () => undefined,
  onPatch: () => undefined,
  onTask: () => undefined,
  onObjectCheck: () => undefined,
  onNotify: () => undefined,
  onNotices: ({ notices }) => delivered(notices.at(-1)?.number ?? 0),
  hasReceivers: false,
  hasCalendar: false,
  calendar: () => undefined,
  onReadiness: () => undefined,
  onPreflight: () => undefined,
  onCompare: () => undefined,
  onVerify: () => undefined,
  guard: () => ({ isFailing: false }),
  verify: ({ proof }) => ({ kind: 'verified', id: proof, person: { user: proof, groups: [] } }),
  acquire: () => ({ kind: 'acquired' }),
  mayFollowLatest: true,
  weights: [0],
};

/** The one receiver has all notices up to the number. */
export function delivered(number: number): DeliveryAttempt {
  return { receivers: { team: { delivered: number } }, lost: [] };
}

/** Both versions serve 1000 good requests in the window, unless told otherwise. */
export function measured(
  { fromMs, toMs }: { fromMs: number; toMs: number },
  candidate: Parameters<typeof someCounts>[0] = {},
): Measurement {
  return { kind: 'measured', fromMs, toMs, baseline: someCounts(), candidate: someCounts(candidate) };
}

/** The clock of the fake cluster is the workflow's: observations end at the window's start plus one interval. */
export function fakeWorld(changes: Partial<WorldBehaviour> = {}): FakeWorld {
  const behaviour = { ...healthy, ...changes };
  const { experiment } = behaviour;
  const log: string[] = [];
  const patches: PatchTrafficInput[] = [];
  let acquisitions = 0;
  let guards = 0;
  const world: FakeWorld = { activities: undefined as never, log, patches, observations: 0 };
  const activities: ExperimentActivities = {
    readManifest: async (input) => {
      const { searchAttributes, hasReceivers } = behaviour;
      const reading = {
        experiment,
        warnings: [],
        searchAttributes,
        temporalAddress: 'test:7233',
        ...(hasReceivers ? { hasReceivers } : {}),
      };
      behaviour.onRead(reading, input);
      return reading;
    },
    verifyAct: async (input) => behaviour.verify(input),
    acquireTarget: async ({ holder }) => {
      acquisitions += 1;
      return behaviour.acquire(acquisitions, holder);
    },
    releaseTarget: async () => void log.push('release'),
    discoverVersions: async () => {
      const { baseline, candidates } = anExperiment();
      return { baseline, candidates };
    },
    awaitReadiness: async () => {
      await behaviour.onReadiness();
      return judgedRevisions(experiment);
    },
    preflight: async () => {
      await behaviour.onPreflight();
      log.push('preflight');
      const revisions = judgedRevisions(experiment);
      const { weights, hasCalendar } = behaviour;
      return { revisions, weights, tags: [], warnings: [], ...(hasCalendar ? { hasCalendar } : {}) };
    },
    queryMetrics: async ({ fromMs }) => {
      world.observations += 1;
      log.push('observe');
      const toMs = fromMs + experiment.intervalMs;
      const n = world.observations;
      return {
        atMs: toMs,
        measurement: ofRun(behaviour.measure(n, { fromMs, toMs })),
        target: behaviour.target(n, writtenTarget(experiment, patches)),
        ...defined({ closed: await behaviour.calendar(n) }),
      };
    },
    guardCandidates: async (input) => {
      guards += 1;
      log.push('guard');
      return behaviour.guard(guards, input);
    },
    readCalendar: async () => {
      log.push('calendar');
      return { hasCalendar: true, ...defined({ closed: await behaviour.calendar(0) }) };
    },
    computeWeights,
    patchTraffic: async (input) => {
      await behaviour.onPatch(patches.length + 1, input);
      patches.push(input);
      log.push(logEntry(experiment, input));
      return { acceptedAtMs: Date.now(), confirmedAtMs: Date.now() };
    },
    runHelm: async (input) => {
      const release = { ...experiment.target, revision: 3, status: 'deployed' };
      return { ...(await runTask(input)), release };
    },
    runCommand: async (input) => runTask(input),
    runScript: async ({ script, ...input }) => {
      return runTask({ ...input, command: 'bash', args: [showParts(script)] });
    },
    checkObjects: async ({ objects }) => {
      log.push(`look ${objects.map(({ kind, name }) => `${kind}/${name}`).join(' ')}`);
      await behaviour.onObjectCheck();
    },
    collectMetrics: async (input) => {
      log.push(`load ${input.targets.map(({ name, url }) => `${name}=${url}`).join(' ')}`);
      return { counts: Object.fromEntries(input.targets.map(({ name }) => [name, someCounts({ requests: 100 })])) };
    },
    notifyHttp: async (input) => {
      log.push(`tell ${input.idempotencyKey.split('/').slice(1).join('/')} ${showParts(input.url)}`);
      await behaviour.onNotify(input);
    },
    notifySlack: async ({ channel, text }) => void log.push(`tell ${channel} ${text}`),
    sendNotices: async (input) => {
      for (const { event, what } of input.notices) log.push(`notice ${event} ${what}`);
      return behaviour.onNotices(input);
    },
    compareRendered: async () => behaviour.onCompare(),
    verifyTarget: async (input) => {
      await behaviour.onVerify(input);
      return { mayFollowLatest: behaviour.mayFollowLatest };
    },
  };
  const runTask = async (input: RunTaskInput): Promise<{ output: string }> => {
    log.push(`task ${input.command} ${input.args.join(' ')}`);
    await behaviour.onTask(input);
    return { output: '' };
  };
  return Object.assign(world, { activities });
}

/** A failure as the real activities make them, that must not be retried unless it says otherwise. */
export function worldFailure(
  type: string,
  message = `${type} in a test`,
  { isRetryable = false }: { readonly isRetryable?: boolean } = {},
): ApplicationFailure {
  return isRetryable ? ApplicationFailure.retryable(message, type) : ApplicationFailure.nonRetryable(message, type);
}

/** A measurement of one candidate, as the back end answers it. */
function ofRun(measurement: Measurement | RunMeasurement): RunMeasurement {
  if (measurement.kind !== 'measured' || 'candidates' in measurement) return measurement;
  const { candidate, ...others } = measurement;
  return { ...others, candidates: [candidate] };
}

/** The target with the first candidate's revision in another state. */
export function withCandidate(target: TargetObservation, state: RevisionState): TargetObservation {
  return target.kind === 'observed' ? { ...target, revisions: target.revisions.with(1, state) } : target;
}

export function withBaseline(target: TargetObservation, state: RevisionState): TargetObservation {
  return target.kind === 'observed' ? { ...target, revisions: target.revisions.with(0, state) } : target;
}

function logEntry({ baseline }: Experiment, { followLatest, shares }: PatchTrafficInput): string {
  const latest = followLatest === baseline.revision ? 'baseline' : 'candidate';
  const [, ...candidates] = shares.map(({ percent }) => percent);
  return followLatest === undefined ? `traffic ${candidates.join(' ')}` : `latest ${latest}`;
}

function judgedRevisions(experiment: Experiment): { revision: string; image: string }[] {
  const images = ['image:blue', 'image:green', 'image:red'];
  return allVersions(experiment).map(({ revision }, index) => ({ revision, image: images[index] ?? '' }));
}

function writtenTarget(experiment: Experiment, patches: readonly PatchTrafficInput[]): TargetObservation {
  const tags = ['current', 'candidate', 'other'];
  const specTraffic = (patches.at(-1)?.shares ?? []).map(({ revision, percent }, index) => {
    return { revisionName: revision, percent, tag: tags[index] ?? '' };
  });
  return { kind: 'observed', specTraffic, revisions: allVersions(experiment).map(() => ({ kind: 'ready' })) };
}
