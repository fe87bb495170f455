import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { findCondition } from '../../operator/status/conditions.ts';
import { leaseAnnotations } from '../../core/traffic/target.ts';
import type { TrafficEntry } from '../../core/traffic/target.ts';
import { KubernetesFailure } from '../../kubernetes/failure.ts';
import type { RestoreCluster } from '../../kubernetes/restore-cluster.ts';
import type { ExperimentOutline } from '../../operator/experiment-object.ts';
import { finalizer, experimentWorkflowId } from '../../operator/experiment-object.ts';
import { RunMemory } from '../../operator/run-memory.ts';
import type { OperatorDependencies } from '../../operator/object-writes.ts';
import { PendingAborts } from '../../operator/pending-aborts.ts';
import { handleDeletion } from '../../operator/deletion.ts';
import { TemporalFailure } from '../../operator/runs.ts';
import type { RunObservation, Runs } from '../../operator/runs.ts';
import { aRevision, aService } from '../support/knative.ts';
import { aReport } from '../support/reports.ts';

/** A world with everything that a deletion touches; what happened is in `events`, `shown` (as Ready says it) and `writes`. */
function aWorld(runs: Partial<Runs>, changes: Partial<RestoreCluster> = {}) {
  const object = anObject('canary');
  const events: string[] = [];
  const shown: (string | undefined)[] = [];
  const writes: string[] = [];
  let traffic: readonly TrafficEntry[] = [
    { revisionName: 'v1', percent: 60 },
    { revisionName: 'v2', percent: 40 },
  ];
  const lease = {
    metadata: {
      annotations: {
        [leaseAnnotations.temporalAddress]: 'temporal:7233',
        [leaseAnnotations.temporalNamespace]: 'default',
        [leaseAnnotations.workflowId]: experimentWorkflowId(object),
        [leaseAnnotations.firstRunId]: 'run',
        [leaseAnnotations.baseline]: 'v1',
      },
    },
  };
  const restoreCluster: RestoreCluster = {
    readService: async () => aService(traffic),
    readRevisions: async () => new Map([aRevision('v1')]),
    patchService: async (_, patch) => {
      writes.push('baseline');
      traffic = patch.traffic;
    },
    readLease: async () => lease,
    takeLease: async (_, given) => (writes.push('lease'), given),
    deleteLease: async () => undefined,
    ...changes,
  };
  const log = { info: () => undefined, warn: () => undefined };
  const all: Runs = {
    start: async () => undefined,
    observe: async () => ({ kind: 'absent' }),
    abort: async () => true,
    ...runs,
  };
  const means: OperatorDependencies = {
    cluster: {
      readExperiment: () => expect.fail('the outline says enough'),
      setFinalizers: async (given) => (writes.push('finalizer'), given),
      writeStatus: async (given, { conditions }) => {
        shown.push(findCondition(conditions, 'Ready')?.message);
        return given;
      },
      writeEvent: async (_, { reason }) => void events.push(reason),
      watch: () => expect.fail('nothing is watched'),
    },
    experimentsOf: () => [object],
    maxRunsPerNamespace: 1,
    restoreClusterOf: () => restoreCluster,
    runs: all,
    pendingAborts: new PendingAborts(all, log),
    log,
    stopping: AbortSignal.abort(),
  };
  const serve = (percent: number): void => {
    traffic = [
      { revisionName: 'v1', percent },
      { revisionName: 'v2', percent: 100 - percent },
    ];
  };
  return { object, means, events, shown, writes, serve };
}

function anObject(name: string): ExperimentOutline {
  return {
    apiVersion: 'iter8.tools/v2alpha2',
    kind: 'Experiment',
    metadata: {
      name,
      namespace: 'shop',
      uid: name,
      resourceVersion: '1',
      deletionTimestamp: new Date(),
      finalizers: [finalizer],
    },
    target: 'shop/app',
  };
}

function observedRun(report: Parameters<typeof aReport>[0], isClosed = false): () => Promise<RunObservation> {
  return async () => ({ kind: 'reported', report: aReport(report), runId: 'r', mark: 'm', isClosed });
}

const graceMs = 5_000;

describe('a deleted Experiment', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance', 'Date', 'setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  test('whose run failed and still holds the target gets its baseline back from the operator', async () => {
    const { object, means, events, writes } = aWorld({
      observe: observedRun({ stage: 'Completed', outcome: 'Failed' }, true),
    });
    expect(await handleDeletion(means, new RunMemory(), object)).toBeUndefined();
    expect(writes).toEqual(['lease', 'baseline', 'finalizer']);
    expect(events).toEqual(['TrafficRestored']);
  });

  test('whose run has ended otherwise goes without a write', async () => {
    const { object, means, writes } = aWorld({
      observe: observedRun({ stage: 'Completed', outcome: 'Aborted' }, true),
    });
    await handleDeletion(means, new RunMemory(), object);
    expect(writes).toEqual(['finalizer']);
  });

  test('whose run knows and has written the baseline is left to the run, which waits for slow Knative', async () => {
    const { object, means, events, writes, serve } = aWorld({ observe: observedRun({}) });
    const memory = new RunMemory();
    expect(await handleDeletion(means, memory, object)).toEqual({ afterMs: 250 });
    serve(100);
    vi.advanceTimersByTime(graceMs);
    expect(await handleDeletion(means, memory, object)).toBeUndefined();
    expect(writes).toEqual(['finalizer']);
    expect(events).toEqual([]);
  });

  test('whose run knows and has not written the baseline in time is not left to the run', async () => {
    const { object, means, writes } = aWorld({ observe: observedRun({}) });
    const memory = new RunMemory();
    await handleDeletion(means, memory, object);
    vi.advanceTimersByTime(graceMs);
    await handleDeletion(means, memory, object);
    expect(writes).toEqual(['lease', 'baseline', 'finalizer']);
  });

  test.each(['busy', 'refused'] as const)('is tried again while the API answers %s, but not for ever', async (kind) => {
    const failing = async () => Promise.reject(new KubernetesFailure(kind, 'cannot take the Lease'));
    const { object, means, events, writes } = aWorld(
      { observe: async () => ({ kind: 'stopped', how: 'was terminated', mayBeSplit: true, runId: 'r', mark: 'm' }) },
      { takeLease: failing },
    );
    const memory = new RunMemory();
    expect(await handleDeletion(means, memory, object)).toEqual({ afterMs: 250 });
    expect(writes).toEqual([]);
    vi.advanceTimersByTime(8_500);
    expect(await handleDeletion(means, memory, object)).toBeUndefined();
    expect(writes).toEqual(['finalizer']);
    expect(events).toEqual(['RestoreFailed']);
  });

  test('counts its time from the deletion, not from when its turn comes', async () => {
    const { object, means, writes } = aWorld({
      observe: async () => ({ kind: 'silent', why: 'noWorker', reason: 'no worker answers', runId: 'r', mark: 'm' }),
    });
    const memory = new RunMemory();
    memory.of(object).sinceDeletion();
    vi.advanceTimersByTime(graceMs);
    await handleDeletion(means, memory, object);
    expect(writes).toEqual(['lease', 'baseline', 'finalizer']);
  });

  test('says that its run cannot be told before the operator acts, even where the first look takes all the time', async () => {
    const abort = async (): Promise<boolean> => {
      vi.advanceTimersByTime(graceMs);
      throw new TemporalFailure(new Error('no answer'));
    };
    const { object, means, shown, writes } = aWorld({ abort });
    await handleDeletion(means, new RunMemory(), object);
    expect(shown).toEqual([
      'Temporal does not answer: the run cannot be told to abort; after 5 s the operator itself brings the traffic back to the baseline',
    ]);
    expect(writes).toEqual(['lease', 'baseline', 'finalizer']);
    means.pendingAborts.stop();
  });

  test('gets its baseline back though nothing can be said', async () => {
    const { object, means, writes } = aWorld({
      observe: async () => ({ kind: 'silent', why: 'noWorker', reason: 'no worker answers', runId: 'r', mark: 'm' }),
    });
    const writeStatus = async () => Promise.reject(new KubernetesFailure('refused', 'cannot write the status'));
    const memory = new RunMemory();
    memory.of(object).sinceDeletion();
    vi.advanceTimersByTime(graceMs);
    await handleDeletion({ ...means, cluster: { ...means.cluster, writeStatus } }, memory, object);
    expect(writes).toEqual(['lease', 'baseline', 'finalizer']);
  });

  test('does not ask a silent Temporal that has just been asked for another, and does not ask again when its time is over', async () => {
    const abort = vi.fn(async () => Promise.reject(new TemporalFailure(new Error('no answer'))));
    const { object, means, writes } = aWorld({ abort });
    const memory = new RunMemory();
    await handleDeletion(means, memory, object);
    await handleDeletion(means, memory, anObject('other'));
    expect(abort).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(graceMs);
    await handleDeletion(means, memory, object);
    expect(abort).toHaveBeenCalledTimes(1);
    expect(writes).toEqual(['lease', 'baseline', 'finalizer']);
    means.pendingAborts.stop();
  });

  test('whose start is still on its way is told later', async () => {
    const abort = vi.fn(async () => abort.mock.calls.length > 3);
    const { object, means } = aWorld({ abort });
    await handleDeletion(means, new RunMemory(), object);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(abort).toHaveBeenCalledTimes(4);
  });

  test('that never had a run is not asked for for ever', async () => {
    const abort = vi.fn(async () => false);
    const { object, means, writes } = aWorld({ abort }, { readLease: async () => undefined });
    await handleDeletion(means, new RunMemory(), object);
    await vi.advanceTimersByTimeAsync(60_000);
    const asked = abort.mock.calls.length;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(abort).toHaveBeenCalledTimes(asked);
    expect(writes).toEqual(['finalizer']);
  });
});
