import { sequentialAnalysis } from '../../core/experiment/analysis.ts';
import * as messages from '../../contract/messages.ts';
import { failure } from '../../activities/failures.ts';
import { anExperiment, someCounts } from '../support/builders.ts';
import { fakeWorld, worldFailure, measured } from '../support/fake-world.ts';
import type { FakeWorld } from '../support/fake-world.ts';
import { until } from '../support/until.ts';
import type { ExperimentHandle } from '../support/workflow-environment.ts';

const quick = { intervalMs: 1000, iterations: 3 };
const alone = { testingPattern: 'Conformance', candidates: [], finish: [] } as const;
const severalCandidates = {
  testingPattern: 'A/B/N',
  reward: { metric: 'mean-latency', preferredDirection: 'Low' },
  candidates: ['green', 'red'].map((name) => ({ name, revision: `sample-app-${name}`, variables: { promote: name } })),
} as const;

function measuredCandidates({ fromMs, toMs }: { fromMs: number; toMs: number }) {
  return { kind: 'measured', fromMs, toMs, baseline: someCounts() } as const;
}

const by = { by: 'alice', reason: 'a recorded run' };

/** A kind of course and ending: the world in which it happens, and what people do. */
interface Recording {
  readonly world: FakeWorld;
  readonly steer?: (handle: ExperimentHandle) => Promise<unknown>;
}

async function atWeight(handle: ExperimentHandle, weight: number): Promise<void> {
  await until(
    `${weight} %`,
    async () => ((await handle.query(messages.statusQuery)).weights.candidates[0] ?? 0) >= weight,
  );
}

async function atGate(handle: ExperimentHandle): Promise<void> {
  await until('the gate', async () => (await handle.query(messages.statusQuery)).awaitingApproval !== undefined);
}

/** Sends a signal whose payload is no JSON, as a client with a mistake does. */
async function signalUnreadable({ client, workflowId }: ExperimentHandle, signalName: string): Promise<void> {
  const payload = { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('{"by":') };
  await client.connection.workflowService.signalWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId },
    signalName,
    input: { payloads: [payload] },
  });
}

/** A calendar that is closed at the n-th observation, or when it is asked first for the first step (0). */
function closedWorld(closedAt: number): FakeWorld {
  let asked = 0;
  return fakeWorld({
    experiment: anExperiment({ ...quick, iterations: 1, finish: [] }),
    hasCalendar: closedAt === 0,
    calendar: (n) => {
      asked += 1;
      return n === closedAt && asked === 1 ? { why: 'Christmas', untilMs: Date.now() + 1000 } : undefined;
    },
  });
}

/** What is recorded, by the name of the history. */
export const recordings: Readonly<Record<string, Recording>> = {
  promoted: { world: fakeWorld({ experiment: anExperiment(quick) }) },
  told: {
    world: fakeWorld({
      experiment: anExperiment({ ...quick, approval: 'required', remindEveryMs: 2_000 }),
      hasReceivers: true,
      onNotices: ({ notices }) => {
        const number = notices.at(-1)?.number ?? 0;
        // The gate is told at the second attempt.
        const isBehind = notices.some(({ event }) => event === 'ApprovalNeeded') && notices.length === 1;
        const failed = isBehind ? { failed: { why: 'no answer' } } : {};
        return { receivers: { team: { delivered: isBehind ? number - 1 : number, ...failed } }, lost: [] };
      },
    }),
    steer: async (handle) => {
      await atGate(handle);
      await until('a reminder', async () => (await handle.query(messages.statusQuery)).history.length >= 6);
      await handle.signal(messages.approveSignal, by);
    },
  },
  baked: { world: fakeWorld({ experiment: anExperiment({ ...quick, iterations: 1, finish: [], bakeMs: 1_000 }) }) },
  unbaked: {
    world: fakeWorld({ experiment: anExperiment({ ...quick, iterations: 1, finish: [], bakeMs: 600_000 }) }),
    steer: async (handle) => {
      await until('the bake', async () => (await handle.query(messages.statusQuery)).history.length >= 2);
      await handle.signal(messages.rejectSignal, by);
    },
  },
  closedAtFirst: { world: closedWorld(0) },
  closed: { world: closedWorld(1) },
  conformed: { world: fakeWorld({ experiment: anExperiment({ ...quick, ...alone }) }) },
  woken: {
    world: fakeWorld({
      experiment: anExperiment(quick),
      acquire: (attempt) => {
        const holder = { temporalAddress: 'a', temporalNamespace: 'n', workflowId: 'other', firstRunId: 'other' };
        if (attempt === 1) return { kind: 'held', by: holder, why: 'it runs' };
        if (attempt > 2) return { kind: 'acquired' };
        throw failure('TargetHeld', { message: 'still held', nextRetryDelayMs: 3_600_000 });
      },
    }),
    steer: async (handle) => {
      await until('the wait', async () => (await handle.query(messages.statusQuery)).waitingFor !== undefined);
      // The second attempt follows at once; the signal may come before its end, or in its wait.
      await handle.signal(messages.targetFreeSignal);
    },
  },
  verified: {
    world: fakeWorld({
      experiment: anExperiment({
        ...quick,
        approval: 'required',
        approvers: { users: ['ann', 'bob'], groups: [], count: 2 },
      }),
      verify: ({ proof }) => ({ kind: 'verified', id: proof, person: { user: proof.split('.')[0] ?? '', groups: [] } }),
    }),
    steer: async (handle) => {
      await atWeight(handle, 20);
      await handle.signal(messages.pauseSignal, { by: 'ann', proof: 'ann.-.1' });
      await until('the pause', async () => (await handle.query(messages.statusQuery)).paused !== undefined);
      await handle.executeUpdate(messages.resumeUpdate, { args: [{ by: 'ann', proof: 'ann.-.2' }] });
      await atGate(handle);
      await handle.executeUpdate(messages.approveUpdate, { args: [{ by: 'ann', proof: 'ann.-.3' }] });
      const again = { args: [{ by: 'ann', proof: 'ann.-.4' }] as [messages.RequestInput] };
      await handle.executeUpdate(messages.approveUpdate, again).catch(() => undefined);
      await handle.executeUpdate(messages.approveUpdate, { args: [{ by: 'bob', proof: 'bob.-.5' }] });
    },
  },
  'aborted-by-name': {
    world: fakeWorld({
      experiment: anExperiment({ ...quick, iterations: 100 }),
      verify: ({ proof }) => ({ kind: 'verified', id: proof, person: { user: proof.split('.')[0] ?? '', groups: [] } }),
    }),
    steer: async (handle) => {
      await atWeight(handle, 20);
      await handle.signal(messages.abortSignal, { ...by, proof: 'ann.-.1' });
    },
  },
  'a-b-n': {
    world: fakeWorld({
      experiment: anExperiment({ ...quick, ...severalCandidates }),
      measure: (n, window) => ({
        ...measuredCandidates(window),
        candidates: [someCounts({ errors: n === 2 ? 500 : 0 }), someCounts({ latencyMs: 5 })],
      }),
      weights: [0, 0],
    }),
  },
  'rolled-back': {
    world: fakeWorld({
      experiment: anExperiment(quick),
      measure: (n, window) => measured(window, n === 2 ? { errors: 500 } : {}),
    }),
  },
  'failed-finish': {
    world: fakeWorld({
      experiment: anExperiment(quick),
      onTask: () => {
        throw worldFailure('CommandFailed', 'helm exited with 1');
      },
    }),
  },
  blind: {
    world: fakeWorld({
      experiment: anExperiment(quick),
      measure: (n, window) => (n === 2 ? { kind: 'blind', reason: 'no answer' } : measured(window)),
    }),
  },
  aborted: {
    world: fakeWorld({ experiment: anExperiment({ intervalMs: 1000, iterations: 100 }) }),
    steer: async (handle) => {
      await atWeight(handle, 20);
      await handle.signal(messages.abortSignal, by);
    },
  },
  unreadable: {
    world: fakeWorld({ experiment: anExperiment({ intervalMs: 1000, iterations: 100 }) }),
    steer: async (handle) => {
      await atWeight(handle, 20);
      await signalUnreadable(handle, 'pause');
      await signalUnreadable(handle, 'abort');
    },
  },
  drift: {
    world: fakeWorld({
      experiment: anExperiment(quick),
      target: (n, written) => (n === 2 ? { kind: 'gone' } : written),
    }),
  },
  rejected: {
    world: fakeWorld({ experiment: anExperiment({ ...quick, approval: 'required' }) }),
    steer: async (handle) => {
      await atGate(handle);
      await handle.executeUpdate(messages.rejectUpdate, { args: [by] });
    },
  },
  sequential: {
    world: fakeWorld({
      experiment: anExperiment({ ...quick, analysis: { ...sequentialAnalysis, longestExtensionMs: 10_000 } }),
      measure: (_n, window) => measured(window, { requests: 60 }),
    }),
  },
  guarded: {
    world: fakeWorld({
      experiment: anExperiment({
        ...quick,
        analysis: { ...sequentialAnalysis, longestExtensionMs: 10_000, guardMs: 200 },
      }),
      guard: (n) => ({ isFailing: n === 2 }),
      measure: (n, window) => measured(window, n === 2 ? { errors: 500 } : {}),
    }),
  },
  tasks: {
    world: fakeWorld({
      experiment: anExperiment({
        ...quick,
        start: [{ kind: 'init-experiment' }, { kind: 'script', script: 'true', delimiters: 'go' }],
        iterationsPerLoop: 1,
        loop: [
          {
            kind: 'collect',
            versions: [{ name: 'current', url: 'http://app', headers: [], requestsPerSecond: 8 }],
            amount: { kind: 'requests', count: 10 },
            connections: 1,
            loadOnly: false,
          },
        ],
        finish: [
          {
            kind: 'readiness',
            initialDelayMs: 1000,
            retries: 1,
            intervalMs: 1000,
            objects: [{ kind: 'ksvc', namespace: 'default', name: 'app', waitFor: { kind: 'exists' } }],
          },
          {
            kind: 'http',
            url: 'http://app/{{ .name }}',
            method: 'POST',
            auth: 'None',
            headers: [],
            condition: { kind: 'call', name: 'CandidateWon' },
            ignoreFailure: true,
          },
        ],
      }),
    }),
  },
  'continued-as-new': { world: fakeWorld({ experiment: anExperiment({ intervalMs: 1000, iterations: 12 }) }) },
  cancelled: {
    world: fakeWorld({ experiment: anExperiment({ intervalMs: 1000, iterations: 100 }) }),
    steer: async (handle) => {
      await atWeight(handle, 20);
      await handle.cancel();
    },
  },
  'paused-and-approved': {
    world: fakeWorld({ experiment: anExperiment({ ...quick, approval: 'required' }) }),
    steer: async (handle) => {
      await atWeight(handle, 20);
      await handle.executeUpdate(messages.pauseUpdate, { args: [by] });
      await handle.executeUpdate(messages.resumeUpdate, { args: [by] });
      await atGate(handle);
      await handle.executeUpdate(messages.approveUpdate, { args: [by] });
    },
  },
};
