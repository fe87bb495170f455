import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { commandEnvironment } from '../../../activities/commands/environment.ts';
import { runCommand } from '../../../activities/commands/run-command.ts';
import { hasType } from '../../../activities/failures.ts';
import { awaitReadiness } from '../../../activities/knative/await-readiness.ts';
import type { TemporalService } from '../../../temporal/settings.ts';
import type { ActivityCluster } from '../../../activities/knative/cluster.ts';
import { annotateLease, isTakenOver, newLease, raiseLease, readLease } from '../../../activities/knative/lease.ts';
import { observeTarget } from '../../../activities/knative/observe-target.ts';
import { acquireTarget, releaseTarget } from '../../../activities/knative/acquire-target.ts';
import { patchTraffic } from '../../../activities/knative/patch-traffic.ts';
import { RecentReads } from '../../../activities/knative/recent-reads.ts';
import { verifyTarget } from '../../../activities/knative/verify-target.ts';
import { leaseAnnotations, planAnnotation } from '../../../core/traffic/target.ts';
import type { TrafficEntry } from '../../../core/traffic/target.ts';
import type { Sandbox, SampleTarget } from '../../../sandbox/index.ts';
import type { LeaseHolder } from '../../../core/traffic/lease.ts';
import type { Stage } from '../../../core/experiment/stage.ts';
import { stageAttribute, targetAttribute } from '../../../contract/messages.ts';
import { workflowType } from '../../../contract/names.ts';
import { leaseObjectName } from '../../../kubernetes/lease.ts';
import type { PatchTrafficInput, PatchTrafficResult } from '../../../contract/traffic.ts';
import { asActivity, cancellableActivity, caughtFailure } from '../../support/activity.ts';
import { anExperiment } from '../../support/builders.ts';
import { testCluster } from '../../support/cluster.ts';
import { receivedSignals } from '../../support/history.ts';
import { until } from '../../support/until.ts';
import { accountsOf, downloadAnything, defaultBounds } from '../../support/access.ts';
import type { Accounts } from '../../../activities/accounts.ts';

let sandbox: Sandbox;
let accounts: Accounts;
let cluster: ActivityCluster;
let temporal: TemporalService;

/** The namespace of this suite alone, since the sandbox is shared. */
const ownNamespace = 'target-activities';

beforeAll(async () => {
  const shared = await testCluster();
  sandbox = shared.sandbox;
  temporal = { client: shared.client, ...sandbox.temporal };
  accounts = accountsOf(sandbox);
  ({ cluster } = accounts.of(ownNamespace));
  await sandbox.kubectl('create', 'namespace', ownNamespace);
});

const kubectl = (...args: readonly string[]) => sandbox.kubectl('-n', ownNamespace, ...args);

function aHolder(firstRunId: string, changes: Partial<LeaseHolder> = {}): LeaseHolder {
  return {
    temporalAddress: temporal.address,
    temporalNamespace: temporal.namespace,
    workflowId: 'wf',
    firstRunId,
    ...changes,
  };
}

function aWrite(target: SampleTarget, holder: LeaseHolder, sequence: number, weight: number): PatchTrafficInput {
  return {
    namespace: ownNamespace,
    target: objectName(target),
    holder,
    plan: { firstRunId: holder.firstRunId, sequence },
    shares: sharesAt(target, weight),
    tags: [],
    confirmationLimitMs: 20_000,
  };
}

function sharesAt({ baselineRevision, candidateRevision }: SampleTarget, weight: number): PatchTrafficInput['shares'] {
  return [
    { revision: baselineRevision, percent: 100 - weight },
    { revision: candidateRevision, percent: weight },
  ];
}

/** What an observation of the target asks for. */
function observe({ target, shares }: Pick<PatchTrafficInput, 'target' | 'shares'>) {
  return { target, revisions: shares.map(({ revision }) => revision) };
}

function objectName({ namespace, name }: SampleTarget) {
  return { namespace, name };
}

/** Knative may change the status between our reading and writing; then Temporal tries again. */
async function write(input: PatchTrafficInput): Promise<PatchTrafficResult> {
  return asActivity(() => patchTraffic(cluster, input)).catch((error: unknown) => {
    if (hasType(error, 'Conflict')) return write(input);
    throw error;
  });
}

const acquire = (target: SampleTarget, holder: LeaseHolder, seen?: string) =>
  acquireTarget(
    { cluster, own: accounts.own, temporal },
    { namespace: ownNamespace, target: objectName(target), holder, ...(seen === undefined ? {} : { seen }) },
  );

async function specTraffic({ name }: SampleTarget): Promise<readonly TrafficEntry[]> {
  return JSON.parse(await kubectl('get', 'ksvc', name, '-o', 'jsonpath={.spec.traffic}'));
}

async function plan({ name }: SampleTarget): Promise<string> {
  const path = `jsonpath={.metadata.annotations.${planAnnotation.replaceAll('.', '\\.')}}`;
  return kubectl('get', 'ksvc', name, '-o', path);
}

describe('patchTraffic', () => {
  let target: SampleTarget;
  const ours = () => aHolder('run-ours');
  beforeAll(async () => {
    target = await sandbox.deploySample({ namespace: ownNamespace, name: 'patched' });
    await asActivity(() => acquire(target, ours()));
  });

  test('pins both versions with their tags, and waits until the cluster reports the split', async () => {
    const before = Date.now();
    const { acceptedAtMs, confirmedAtMs } = await write(aWrite(target, ours(), 1, 10));
    expect(await specTraffic(target)).toEqual([
      { latestRevision: false, percent: 90, revisionName: 'patched-v1', tag: 'current' },
      { latestRevision: false, percent: 10, revisionName: 'patched-v2', tag: 'candidate' },
    ]);
    expect(await plan(target)).toBe('run-ours/1');
    expect(acceptedAtMs).toBeGreaterThanOrEqual(before);
    expect(confirmedAtMs).toBeGreaterThan(acceptedAtMs);
    const observed = await asActivity(() => observeTarget(cluster, observe(aWrite(target, ours(), 1, 10))));
    expect(observed).toMatchObject({
      kind: 'observed',
      plan: 'run-ours/1',
      latestCreatedRevision: 'patched-v2',
      editor: expect.stringMatching(/^serin at 20/),
      revisions: [{ kind: 'ready' }, { kind: 'ready' }],
    });
  });

  test('keeps an edit that was made before its first write', async () => {
    const edited = await sandbox.deploySample({ namespace: ownNamespace, name: 'edited' });
    const holder = aHolder('run-edited');
    await asActivity(() => acquire(edited, holder));
    const traffic = [{ revisionName: 'edited-v2', percent: 100 }];
    await kubectl('patch', 'ksvc', 'edited', '--type=merge', '-p', JSON.stringify({ spec: { traffic } }));
    const first = { ...aWrite(edited, holder, 1, 10), present: sharesAt(edited, 0) };
    const { type, message } = await caughtFailure(() => patchTraffic(cluster, first));
    expect(type).toBe('Drift');
    expect(message).toContain('expected edited-v1 100 %');
    expect(await specTraffic(edited)).toMatchObject(traffic);
  });

  test('tells a run whose history was set back which of its writes came last', async () => {
    const error = await asActivity(() => patchTraffic(cluster, aWrite(target, ours(), 0, 30))).catch(
      (thrown) => thrown,
    );
    expect(error).toMatchObject({ type: 'Fenced', details: [{ ownSequence: 1 }] });
  });

  test('only confirms a write that an earlier attempt made', async () => {
    const version = () => kubectl('get', 'ksvc', 'patched', '-o', 'jsonpath={.metadata.generation}');
    await write(aWrite(target, ours(), 2, 20));
    const before = await version();
    const { acceptedAtMs } = await write(aWrite(target, ours(), 2, 20));
    expect(await version()).toBe(before);
    expect(acceptedAtMs).toBeLessThanOrEqual(Date.now());
  });

  test('refuses a late attempt of an earlier decision', async () => {
    await write(aWrite(target, ours(), 4, 0));
    expect(await caughtFailure(() => patchTraffic(cluster, aWrite(target, ours(), 3, 30)))).toMatchObject({
      type: 'Fenced',
      isRetryable: false,
      message: `${ownNamespace}/patched: traffic write run-ours/3 refused: a later write, run-ours/4, has already happened`,
    });
    expect(await plan(target)).toBe('run-ours/4');
  });

  test('refuses another run that does not hold the Lease', async () => {
    const { type, message } = await caughtFailure(() => patchTraffic(cluster, aWrite(target, aHolder('run-b'), 1, 50)));
    expect(type).toBe('Fenced');
    expect(message).toContain("the target's Lease is not held by this experiment (last write: run-ours/4)");
    expect(await plan(target)).toBe('run-ours/4');
  });

  test('says that a restore has written the same, where it finds one', async () => {
    const mine = await sandbox.deploySample({ namespace: ownNamespace, name: 'restored' });
    const restore = async (weight: number) => {
      const traffic = sharesAt(mine, weight).map(({ revision, percent }) => ({ revisionName: revision, percent }));
      const annotations = { [planAnnotation]: 'restore-20261130T223806Z/1' };
      const patch = JSON.stringify({ metadata: { annotations }, spec: { traffic } });
      await kubectl('patch', 'ksvc', 'restored', '--type=merge', `--patch=${patch}`);
    };
    const refuse = async () => caughtFailure(() => patchTraffic(cluster, aWrite(mine, ours(), 2, 0)));
    await restore(10);
    expect(await refuse()).toMatchObject({ type: 'Fenced', details: [] });
    await restore(0);
    expect(await refuse()).toMatchObject({ type: 'Fenced', details: [{ isRestored: true }] });
  });

  test('is fenced off when a later decision is written before it is confirmed', async () => {
    const late = cancellableActivity(() => patchTraffic(cluster, aWrite(target, ours(), 5, 40)));
    const outcome = late.result.catch((error: unknown) => error);
    await vi.waitFor(async () => expect(await plan(target)).toBe('run-ours/5'), { timeout: 60_000 });
    await write(aWrite(target, ours(), 6, 0));
    await outcome;
    expect((await specTraffic(target)).map(({ percent }) => percent)).toEqual([100, 0]);
    expect(await plan(target)).toBe('run-ours/6');
  });

  /** A cluster in which somebody else changes the service right before each of our first writes. */
  function meddledWith(writes: number): ActivityCluster {
    let count = 0;
    return {
      ...cluster,
      patchService: async (name, patch) => {
        count += 1;
        const change = `example.com/changed=${randomUUID()}`;
        if (count <= writes) await kubectl('annotate', 'ksvc', 'patched', change, '--overwrite');
        return cluster.patchService(name, patch);
      },
    };
  }

  test('looks again at once when the service changed after it was read', async () => {
    const { acceptedAtMs } = await asActivity(() => patchTraffic(meddledWith(2), aWrite(target, ours(), 7, 10)));
    expect(acceptedAtMs).toBeLessThanOrEqual(Date.now());
    expect(await plan(target)).toBe('run-ours/7');
  });

  test('takes what has just been observed, and reads it anew where it has changed since', async () => {
    const recent = new RecentReads();
    const calls: string[] = [];
    const recorded: ActivityCluster = {
      ...cluster,
      readService: (name) => {
        calls.push('read');
        return cluster.readService(name);
      },
      patchService: (name, patch) => {
        calls.push('patch');
        return cluster.patchService(name, patch);
      },
    };
    const input = { ...aWrite(target, ours(), 8, 20), present: sharesAt(target, 10) };
    await asActivity(() => observeTarget(recent.keeping(cluster), observe(input)));
    await kubectl('annotate', 'ksvc', 'patched', `example.com/changed=${randomUUID()}`, '--overwrite');
    await asActivity(() => patchTraffic(recent.reusing(recorded), input));
    expect(calls.slice(0, 3)).toEqual(['patch', 'read', 'patch']);
    expect(await plan(target)).toBe('run-ours/8');
  });

  test('fails as a conflict when the service changes each time', async () => {
    const always = meddledWith(Number.POSITIVE_INFINITY);
    const { type, isRetryable } = await caughtFailure(() => patchTraffic(always, aWrite(target, ours(), 9, 20)));
    expect({ type, isRetryable }).toEqual({ type: 'Conflict', isRetryable: true });
    expect(await plan(target)).toBe('run-ours/8');
  });

  test('can be cancelled while it waits for the confirmation', async () => {
    const blind: ActivityCluster = {
      ...cluster,
      readService: async (name) => {
        const service = await cluster.readService(name);
        return service && { ...service, status: {} };
      },
    };
    const { result, cancel } = cancellableActivity(() => patchTraffic(blind, aWrite(target, ours(), 9, 10)));
    const outcome = expect(result).rejects.toThrow('CANCELLED');
    await vi.waitFor(async () => expect(await plan(target)).toBe('run-ours/9'), { timeout: 60_000 });
    cancel();
    await outcome;
  });

  test('takes over from a run that has ended once it holds the Lease, also with a later write', async () => {
    const next = aHolder('run-next');
    await asActivity(() =>
      releaseTarget({ cluster, temporal }, { target: objectName(target), holder: ours(), verified: true }),
    );
    await asActivity(() => acquire(target, next));
    const owned = { target: objectName(target), holder: next };
    const found = await plan(target);
    await asActivity(() => annotateLease(cluster, owned, { [leaseAnnotations.previousPlan]: found }));
    await write(aWrite(target, next, 2, 0));
    expect(await plan(target)).toBe('run-next/2');
    expect((await caughtFailure(() => patchTraffic(cluster, aWrite(target, ours(), 9, 90)))).type).toBe('Fenced');
  });

  test('follows the latest revision with the tags pinned behind it', async () => {
    const next = aHolder('run-next');
    await write({ ...aWrite(target, next, 3, 100), followLatest: target.candidateRevision });
    expect(await specTraffic(target)).toEqual([
      { latestRevision: true, percent: 100 },
      { latestRevision: false, percent: 0, revisionName: 'patched-v1', tag: 'current' },
      { latestRevision: false, percent: 0, revisionName: 'patched-v2', tag: 'candidate' },
    ]);
  });

  test('rolls back when the candidate revision is gone', async () => {
    const doomed = await sandbox.deploySample({ namespace: ownNamespace, name: 'doomed' });
    const holder = aHolder('run-doomed');
    await asActivity(() => acquire(doomed, holder));
    await write(aWrite(doomed, holder, 1, 10));
    // Knative makes its latest revision again when that is deleted, so there must be a later one.
    const template = { spec: { template: { metadata: { name: 'doomed-v3' } } } };
    await kubectl('patch', 'ksvc', 'doomed', '--type=merge', '-p', JSON.stringify(template));
    await kubectl('wait', 'revision/doomed-v3', '--for=create', '--timeout=20s');
    await kubectl('delete', 'revision', doomed.candidateRevision, '--wait=true');
    const input = aWrite(doomed, holder, 2, 0);
    await write(input);
    expect(await specTraffic(doomed)).toEqual([
      { latestRevision: false, percent: 100, revisionName: 'doomed-v1', tag: 'current' },
    ]);
    const observed = await asActivity(() => observeTarget(cluster, observe(input)));
    expect(observed).toMatchObject({
      latestCreatedRevision: 'doomed-v3',
      revisions: [{ kind: 'ready' }, { kind: 'gone' }],
    });
    const shift = aWrite(doomed, holder, 3, 20);
    const { type, message } = await caughtFailure(() => patchTraffic(cluster, shift));
    expect(type).toBe('RevisionGone');
    expect(message).toContain('revision doomed-v2 is gone and cannot get 20 % of the traffic');
  });

  describe('with a candidate that is not ready', () => {
    let sick: SampleTarget;
    const holder = () => aHolder('run-sick');
    const tags = () => [{ tag: 'candidate', revisionName: sick.candidateRevision }];
    const setReady = async (isReady: boolean) => {
      await sandbox.setFaults(
        { namespace: ownNamespace, revision: sick.candidateRevision },
        isReady ? [] : [{ kind: 'unready' }],
      );
      const condition = `--for=condition=Ready=${isReady ? 'True' : 'False'}`;
      await kubectl('wait', `revision/${sick.candidateRevision}`, condition, '--timeout=120s');
    };
    const baselineOnly = [{ latestRevision: false, percent: 100, revisionName: 'sick-v1', tag: 'current' }];
    beforeAll(async () => {
      sick = await sandbox.deploySample({ namespace: ownNamespace, name: 'sick' });
      await asActivity(() => acquire(sick, holder()));
      await write(aWrite(sick, holder(), 1, 10));
    });

    test('gives the baseline everything: Knative routes nothing anew while the candidate is named, even at 0 %', async () => {
      await setReady(false);
      const { confirmedAtMs, acceptedAtMs } = await write(aWrite(sick, holder(), 2, 0));
      expect(confirmedAtMs).toBeGreaterThan(acceptedAtMs);
      expect(await specTraffic(sick)).toEqual(baselineOnly);
    });

    test('puts its tag back when it is ready again', async () => {
      await setReady(true);
      await write({ ...aWrite(sick, holder(), 3, 0), tags: tags() });
      expect(await specTraffic(sick)).toEqual([
        ...baselineOnly,
        { latestRevision: false, percent: 0, revisionName: 'sick-v2', tag: 'candidate' },
      ]);
    });

    test('writes the same decision again when the candidate failed after the write, before Knative carried it out', async () => {
      await setReady(false);
      await write({ ...aWrite(sick, holder(), 3, 0), tags: tags() });
      expect(await specTraffic(sick)).toEqual(baselineOnly);
      expect(await plan(sick)).toBe('run-sick/3');
    });
  });

  test('says that the target is gone', async () => {
    const input = { ...aWrite(target, ours(), 1, 0), target: { namespace: ownNamespace, name: 'nowhere' } };
    expect(await caughtFailure(() => patchTraffic(cluster, input))).toMatchObject({
      type: 'TargetGone',
      message: `Knative Service ${ownNamespace}/nowhere is gone; nothing was written`,
    });
    expect(await asActivity(() => observeTarget(cluster, observe(input)))).toEqual({ kind: 'gone' });
  });
});

describe('the Lease', () => {
  let target: SampleTarget;
  beforeAll(async () => {
    target = await sandbox.deploySample({ namespace: ownNamespace, name: 'leased', baselineOnly: true });
  });

  /** A workflow that nobody executes is open until it is terminated. */
  async function startRun(workflowId: string): Promise<LeaseHolder> {
    const options = { workflowId, taskQueue: 'nobody', args: [] };
    const { firstExecutionRunId } = await temporal.client.workflow.start('idle', options);
    return aHolder(firstExecutionRunId, { workflowId });
  }

  const readDuration = async () =>
    (await asActivity(() => readLease(cluster, objectName(target))))?.spec?.leaseDurationSeconds;

  async function setDuration(seconds: number): Promise<void> {
    const patch = JSON.stringify({ spec: { leaseDurationSeconds: seconds } });
    await kubectl('patch', 'lease', 'serin-leased', '--type=merge', '-p', patch);
  }

  test('is got once, kept by its holder, and waited for by others', async () => {
    const first = await startRun('target-first');
    const second = await startRun('target-second');
    expect(await asActivity(() => acquire(target, first))).toEqual({ kind: 'acquired' });
    expect(await asActivity(() => acquire(target, first))).toEqual({ kind: 'acquired' });
    const why = 'experiment target-first is running';
    expect(await asActivity(() => acquire(target, second))).toEqual({ kind: 'held', by: first, why });
    const waiting = { scheduledTimestampMs: Date.now() };
    expect(await caughtFailure(() => acquire(target, second, first.firstRunId), waiting)).toEqual({
      type: 'TargetHeld',
      isRetryable: true,
      message: `${ownNamespace}/leased is held by target-first: ${why}`,
      details: [],
      nextRetryDelay: 2_000,
    });
  });

  test('is asked for again after a tenth of the time waited so far, and after 5 min at most', async () => {
    const first = await currentHolder();
    const third = await startRun('target-third');
    const attempt = async (waitedMs: number): Promise<number> => {
      const info = { scheduledTimestampMs: Date.now() - waitedMs };
      return Number((await caughtFailure(() => acquire(target, third, first.firstRunId), info)).nextRetryDelay);
    };
    const afterAMinute = await attempt(60_000);
    expect(afterAMinute).toBeGreaterThanOrEqual(6_000);
    expect(afterAMinute).toBeLessThan(12_000);
    expect(await attempt(3_600_000)).toBe(300_000);
  });

  test('that is given up wakes the experiments that wait for it, and no others', async () => {
    const freed = { namespace: ownNamespace, name: 'freed' };
    const holder = await startRun('target-freed');
    await asActivity(() => cluster.createLease(leaseObjectName(freed), newLease(freed, holder)));
    const start = (workflowId: string, stage: Stage, name = freed.name) =>
      temporal.client.workflow.start(workflowType, {
        workflowId,
        taskQueue: 'nobody',
        args: [],
        typedSearchAttributes: [
          { key: targetAttribute, value: `${ownNamespace}/${name}` },
          { key: stageAttribute, value: stage },
        ],
      });
    const waiting = await Promise.all(['freed-1', 'freed-2'].map((workflowId) => start(workflowId, 'Waiting')));
    const others = [await start('freed-running', 'Running'), await start('freed-other', 'Waiting', 'freed-not')];
    await until('Temporal to know them', async () => {
      const query = `WorkflowId STARTS_WITH "freed-" AND SerinStage IS NOT NULL`;
      return (await temporal.client.workflow.count(query)).count === 4;
    });
    await asActivity(() => releaseTarget({ cluster, temporal }, { target: freed, holder, verified: true }));
    for (const handle of waiting) expect(await receivedSignals(handle)).toEqual(['targetFree']);
    for (const handle of others) expect(await receivedSignals(handle)).toEqual([]);
  });

  test('is not given up by anybody else, and given up twice without a complaint', async () => {
    const first = await currentHolder();
    await asActivity(() =>
      releaseTarget(
        { cluster, temporal },
        { target: objectName(target), holder: aHolder('run-other'), verified: true },
      ),
    );
    expect(await currentHolder()).toEqual(first);
    await asActivity(() =>
      releaseTarget({ cluster, temporal }, { target: objectName(target), holder: first, verified: true }),
    );
    await asActivity(() =>
      releaseTarget({ cluster, temporal }, { target: objectName(target), holder: first, verified: true }),
    );
    expect(await asActivity(() => readLease(cluster, objectName(target)))).toBeUndefined();
  });

  test('is taken over from a run that ended, but not before its last activity must have', async () => {
    const ended = await startRun('target-ended');
    const next = await startRun('target-next');
    await asActivity(() => acquire(target, ended));
    await asActivity(() => raiseLease(cluster, { target: objectName(target), holder: ended }, 300_000));
    expect(await readDuration()).toBe(330);
    await temporal.client.workflow.getHandle('target-ended').terminate();
    const waiting = await asActivity(() => acquire(target, next));
    expect(waiting).toMatchObject({ kind: 'held', by: ended });
    expect(waiting.kind === 'held' && waiting.why).toMatch(
      /^experiment target-ended ended at .* may go on for 3\d\d s$/,
    );
    await setDuration(1);
    await vi.waitFor(async () => expect(await asActivity(() => acquire(target, next))).toEqual({ kind: 'acquired' }), {
      timeout: 60_000,
      interval: 200,
    });
    expect(await readDuration()).toBe(30);
    expect(
      (await caughtFailure(() => raiseLease(cluster, { target: objectName(target), holder: ended }, 1_000))).type,
    ).toBe('Fenced');
  });

  test('keeps what the run before knew, also when the next one gives up before it has verified anything', async () => {
    const [wrong, right] = [await currentHolder(), await startRun('target-right')];
    const owned = { target: objectName(target), holder: wrong };
    const known = { [leaseAnnotations.baseline]: 'leased-v1', [leaseAnnotations.previousPlan]: 'run-ended/7' };
    await asActivity(() => annotateLease(cluster, owned, known));
    await asActivity(() => releaseTarget({ cluster, temporal }, { ...owned, verified: false }));
    await temporal.client.workflow.getHandle(wrong.workflowId).terminate();
    await setDuration(1);
    await vi.waitFor(async () => expect(await asActivity(() => acquire(target, right))).toEqual({ kind: 'acquired' }), {
      timeout: 60_000,
      interval: 200,
    });
    const lease = await asActivity(() => readLease(cluster, objectName(target)));
    expect(lease?.metadata?.annotations).toMatchObject(known);
    expect(lease && isTakenOver(lease)).toBe(true);
  });

  test('is held while a later chain under the same workflow id leaves the end of the earlier one open', async () => {
    const earlier = await currentHolder();
    await temporal.client.workflow.getHandle(earlier.workflowId).terminate();
    await startRun(earlier.workflowId);
    await setDuration(1);
    const other = await startRun('target-other');
    await vi.waitFor(async () => expect(await asActivity(() => acquire(target, other))).toEqual({ kind: 'acquired' }), {
      timeout: 60_000,
      interval: 200,
    });
  });

  test('is free when its run has ended on this Temporal, under whatever address that was', async () => {
    const elsewhere = { ...(await startRun('target-renamed')), temporalAddress: 'temporal.other-name:7233' };
    const before = await currentHolder();
    await asActivity(() =>
      releaseTarget({ cluster, temporal }, { target: objectName(target), holder: before, verified: true }),
    );
    await asActivity(() => acquire(target, elsewhere));
    await setDuration(1);
    const next = await startRun('target-renamed-next');
    expect(await asActivity(() => acquire(target, next))).toMatchObject({ kind: 'held' });
    await temporal.client.workflow.getHandle('target-renamed').terminate();
    await vi.waitFor(async () => expect(await asActivity(() => acquire(target, next))).toEqual({ kind: 'acquired' }), {
      timeout: 60_000,
      interval: 200,
    });
  });

  test.each([
    ['a workflow that Temporal does not know', { workflowId: 'unheard-of' }, 'is not known to Temporal any more'],
    [
      'another Temporal',
      { temporalAddress: 'elsewhere:7233' },
      'is on another Temporal (elsewhere:7233, namespace default)',
    ],
    ['another namespace', { temporalNamespace: 'elsewhere' }, 'is on another Temporal'],
  ])('is held without end by %s, and says what to do', async (_, changes, reason) => {
    const unknown = aHolder('run-unknown', changes);
    const other = await currentHolder();
    await asActivity(() =>
      releaseTarget({ cluster, temporal }, { target: objectName(target), holder: other, verified: true }),
    );
    await asActivity(() => acquire(target, unknown));
    const acquisition = await asActivity(() => acquire(target, aHolder('run-waiting')));
    expect(acquisition).toMatchObject({ kind: 'held', by: unknown });
    const why = acquisition.kind === 'held' ? acquisition.why : '';
    expect(why).toContain(reason);
    expect(why).toContain(`on the target, or delete Lease ${ownNamespace}/serin-leased`);
  });

  async function currentHolder(): Promise<LeaseHolder> {
    const lease = await asActivity(() => readLease(cluster, objectName(target)));
    const annotations = lease?.metadata?.annotations ?? {};
    return {
      temporalAddress: annotations[leaseAnnotations.temporalAddress] ?? '',
      temporalNamespace: annotations[leaseAnnotations.temporalNamespace] ?? '',
      workflowId: annotations[leaseAnnotations.workflowId] ?? '',
      firstRunId: annotations[leaseAnnotations.firstRunId] ?? '',
    };
  }
});

describe('awaitReadiness and verifyTarget', () => {
  let target: SampleTarget;
  beforeAll(async () => {
    target = await sandbox.deploySample({ namespace: ownNamespace, name: 'verified' });
  });

  function experiment(changes: { baseline?: string; candidate?: string } = {}) {
    const { baseline, candidates, ...rest } = anExperiment({ target: objectName(target) });
    return {
      ...rest,
      baseline: { ...baseline, revision: changes.baseline ?? target.baselineRevision },
      candidates: candidates.map((one) => ({ ...one, revision: changes.candidate ?? target.candidateRevision })),
    };
  }

  test('answers with the revisions and their images', async () => {
    expect(await asActivity(() => awaitReadiness(cluster, { experiment: experiment() }))).toEqual([
      { revision: 'verified-v1', image: 'gcr.io/knative-samples/knative-route-demo:blue' },
      { revision: 'verified-v2', image: 'gcr.io/knative-samples/knative-route-demo:green' },
    ]);
  });

  test('names everything that is not ready', async () => {
    const input = { experiment: experiment({ baseline: 'verified-v8', candidate: 'verified-v9' }) };
    expect(await caughtFailure(() => awaitReadiness(cluster, input))).toMatchObject({
      type: 'NotReady',
      isRetryable: true,
      nextRetryDelay: 1_000,
      message: `baseline revision ${ownNamespace}/verified-v8 does not exist; candidate revision ${ownNamespace}/verified-v9 does not exist`,
    });
  });

  test('needs no revision in a conformance test by load alone', async () => {
    const load = {
      kind: 'collect',
      versions: [{ name: 'my-app', url: 'http://my-app', headers: [], requestsPerSecond: 8 }],
      amount: { kind: 'requests', count: 100 },
      connections: 4,
      loadOnly: false,
    } as const;
    const baseline = { name: 'my-app', revision: 'my-app', variables: {} };
    const alone = { testingPattern: 'Conformance', baseline, candidates: [], start: [load] } as const;
    const input = { experiment: { ...experiment(), ...alone } };
    expect(await asActivity(() => awaitReadiness(cluster, input))).toEqual([{ revision: 'my-app', image: '' }]);
  });

  test('refuses a revision of another service for good', async () => {
    await sandbox.deploySample({ namespace: ownNamespace, name: 'stranger', baselineOnly: true });
    const input = { experiment: experiment({ candidate: 'stranger-v1' }) };
    expect(await caughtFailure(() => awaitReadiness(cluster, input))).toMatchObject({
      type: 'PreflightRefused',
      isRetryable: false,
      message: expect.stringContaining('belongs to Knative Service stranger, not to verified'),
    });
  });

  test("verifies the winner, and lets Knative's default and our own pins follow the latest revision", async () => {
    const { name } = target;
    const winner = { revision: target.candidateRevision, image: '' };
    const verify = () =>
      verifyTarget(cluster, {
        namespace: ownNamespace,
        target: { namespace: ownNamespace, name },
        winner,
        requireLatest: true,
      });
    expect(await caughtFailure(verify)).toMatchObject({
      type: 'NotReady',
      message: `status.traffic of ${ownNamespace}/verified is verified-v1 100 %, not 100 % verified-v2`,
    });
    const holder = aHolder('run-verified');
    await asActivity(() => acquire(target, holder));
    await write(aWrite(target, holder, 1, 100));
    expect(await asActivity(verify)).toEqual({ mayFollowLatest: true });
    await kubectl(
      'patch',
      'ksvc',
      name,
      '--type=merge',
      '-p',
      '{"spec":{"traffic":[{"latestRevision":true,"percent":100}]}}',
    );
    await vi.waitFor(async () => expect(await asActivity(verify)).toEqual({ mayFollowLatest: true }), {
      timeout: 60_000,
    });
    const pinned = JSON.stringify({ spec: { traffic: [{ revisionName: winner.revision, percent: 100 }] } });
    await kubectl('patch', 'ksvc', name, '--type=merge', '-p', pinned);
    await vi.waitFor(async () => expect(await asActivity(verify)).toEqual({ mayFollowLatest: false }), {
      timeout: 60_000,
    });
  });

  test('does not ask a rolled back target for the latest revision', async () => {
    const winner = { revision: target.baselineRevision, image: '' };
    await write(aWrite(target, aHolder('run-verified'), 2, 0));
    const input = { namespace: ownNamespace, target: objectName(target), winner, requireLatest: false };
    expect(await asActivity(() => verifyTarget(cluster, input))).toEqual({ mayFollowLatest: false });
    expect(await caughtFailure(() => verifyTarget(cluster, { ...input, requireLatest: true }))).toMatchObject({
      message: `the latest ready revision of ${ownNamespace}/verified is verified-v2, not verified-v1`,
    });
  });
});

describe('runCommand', () => {
  const environment = commandEnvironment(process.env);
  const holder = () => aHolder('run-command');
  const task = (command: string, ...args: string[]) => ({
    namespace: ownNamespace,
    target: { namespace: ownNamespace, name: 'commanded' },
    holder: holder(),
    command,
    args,
    limitMs: 20_000,
  });
  const dependencies = () => ({
    cluster,
    user: undefined,
    allowedCommands: ['sh'],
    environment,
    bounds: defaultBounds,
    download: downloadAnything,
  });

  beforeAll(async () => {
    const target = { namespace: ownNamespace, name: 'commanded' };
    await asActivity(() =>
      acquireTarget({ cluster, own: accounts.own, temporal }, { namespace: ownNamespace, target, holder: holder() }),
    );
  });

  test('answers with what the command printed, secrets redacted', async () => {
    const input = task('sh', '-c', 'echo "token $1"', 'sh', '--token=hunter22');
    expect(await asActivity(() => runCommand(dependencies(), input))).toEqual({ output: 'token --token=***' });
  });

  test('runs nothing that the worker does not allow', async () => {
    expect(await caughtFailure(() => runCommand(dependencies(), task('rm', '-rf', '/nowhere')))).toMatchObject({
      type: 'CommandNotAllowed',
      isRetryable: false,
      message: 'command "rm" is not allowed on this worker; allowed: sh',
    });
  });

  test('says what ran, how it ended, and what it said last', async () => {
    const input = task('sh', '-c', 'echo about to fail; echo no such thing >&2; exit 4');
    expect(await caughtFailure(() => runCommand(dependencies(), input))).toMatchObject({
      type: 'CommandFailed',
      isRetryable: false,
      message: 'sh -c "echo about to fail; echo no such thing >&2; exit 4" failed with exit code 4: no such thing',
    });
  });

  test('stops at its limit', async () => {
    const input = { ...task('sh', '-c', 'sleep 60'), limitMs: 1_000 };
    const { type, message } = await caughtFailure(() => runCommand(dependencies(), input));
    expect(type).toBe('CommandFailed');
    expect(message).toBe('sh -c "sleep 60" was stopped at its limit of 1 s: no output');
  });

  test('does not know how far a command had come whose guard was killed', async () => {
    const { type, isRetryable, message } = await caughtFailure(() =>
      runCommand(dependencies(), task('sh', '-c', 'kill -9 $PPID; sleep 60')),
    );
    expect({ type, isRetryable }).toEqual({ type: 'CommandLost', isRetryable: false });
    expect(message).toContain('has lost its guard, so that its end is not known');
  });

  test('says so where the arguments are longer than the system takes', async () => {
    const args = Array.from({ length: 40 }, () => 'x'.repeat(100 * 1024));
    const { type, message } = await caughtFailure(() => runCommand(dependencies(), task('sh', ...args)));
    expect(type).toBe('CommandFailed');
    expect(message).toContain('could not be started: its arguments and environment are together longer than');
    expect(message.length).toBeLessThan(5_000);
  });

  test('does not start without the Lease', async () => {
    const input = { ...task('sh', '-c', 'exit 0'), holder: aHolder('run-other') };
    expect((await caughtFailure(() => runCommand(dependencies(), input))).type).toBe('Fenced');
  });
});

describe('the API server', () => {
  test('is believed when it denies something', async () => {
    const { type, isRetryable, message } = await caughtFailure(() =>
      cluster.readSecret({ namespace: 'kube-system', name: 'x' }),
    );
    expect({ type, isRetryable }).toEqual({ type: 'Forbidden', isRetryable: false });
    const remedy =
      'the owner of namespace kube-system allows it with `kubectl create rolebinding serin-secret-reader-writer-target-activities' +
      ' --namespace kube-system --clusterrole serin-secret-reader-writer --serviceaccount target-activities:serin`';
    expect(message).toMatch(/^cannot get secrets kube-system\/x: .*cannot get resource "secrets"/);
    expect(message.split('; ').at(-1)).toBe(remedy);
  });

  test('names what it refuses', async () => {
    const { metadata } =
      (await asActivity(() => cluster.readService({ namespace: ownNamespace, name: 'leased' }))) ?? {};
    const patch = { resourceVersion: metadata?.resourceVersion ?? '', annotations: {}, traffic: [{ percent: 50 }] };
    const failure = await caughtFailure(() => cluster.patchService({ namespace: ownNamespace, name: 'leased' }, patch));
    expect(failure).toMatchObject({ type: 'Invalid', isRetryable: false });
    expect(failure.message).toContain(
      `cannot patch services.serving.knative.dev ${ownNamespace}/leased: admission webhook`,
    );
  });
});
