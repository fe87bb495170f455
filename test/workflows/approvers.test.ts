import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { anExperiment } from '../support/builders.ts';
import { fakeWorld, worldFailure } from '../support/fake-world.ts';
import type { FakeWorld, WorldBehaviour } from '../support/fake-world.ts';
import { until } from '../support/until.ts';
import { startServerEnvironment } from '../support/workflow-environment.ts';
import type { ExperimentHandle, WorkflowEnvironment } from '../support/workflow-environment.ts';
import * as messages from '../../contract/messages.ts';
import type { ActVerification } from '../../contract/proof.ts';
import type { Report } from '../../core/report/report.ts';

let workflows: WorkflowEnvironment;
beforeAll(async () => {
  workflows = await startServerEnvironment();
});
afterAll(() => workflows.teardown());

const twoOfThem = { users: ['ann', 'bob'], groups: ['sre'], count: 2 };
const quick = { intervalMs: 500, iterations: 2 } as const;
const guarded = anExperiment({ ...quick, approval: 'required', approvers: twoOfThem });

/** A proof has the form of a JWT: the name of somebody, that of a group or `-`, and a number: `cid.sre.1`. */
function verify({ proof }: { readonly proof: string }): ActVerification {
  const [user, group, number] = proof.split('.');
  if (user === undefined || !/^\d+$/.test(number ?? ''))
    return { kind: 'refused', why: 'it is not signed by a server that the worker trusts' };
  return {
    kind: 'verified',
    id: proof,
    reason: 'as signed',
    person: { user, groups: group === undefined || group === '-' ? [] : [group] },
  };
}

function world(changes: Partial<WorldBehaviour> = {}): FakeWorld {
  return fakeWorld({ experiment: guarded, verify, ...changes });
}

/** The report, once it is so. */
async function untilReport(handle: ExperimentHandle, what: string, isSo: (report: Report) => boolean): Promise<Report> {
  const read = async (): Promise<Report | undefined> => {
    const report = await handle.query(messages.statusQuery);
    return isSo(report) ? report : undefined;
  };
  return until(what, read, { pollMs: 50 });
}

const untilGate = (handle: ExperimentHandle): Promise<Report> =>
  untilReport(handle, 'the gate', ({ awaitingApproval }) => awaitingApproval !== undefined);

const untilStarted = (handle: ExperimentHandle): Promise<Report> =>
  untilReport(handle, 'the first step', ({ startedAtMs }) => startedAtMs !== undefined);

/** Two more observations have been acted on. */
async function untilObserved(handle: ExperimentHandle): Promise<Report> {
  const lastMs = (report: Report): number => report.history.at(-1)?.atMs ?? 0;
  for (let count = 0; count < 2; count += 1) {
    const before = lastMs(await handle.query(messages.statusQuery));
    await untilReport(handle, 'an observation', (report) => lastMs(report) > before);
  }
  return handle.query(messages.statusQuery);
}

const approve = (handle: ExperimentHandle, input: messages.RequestInput) =>
  handle.executeUpdate(messages.approveUpdate, { args: [input] });

describe('a gate with approvers', () => {
  test('opens with the approvals of as many of them as it needs, whose names are in the reason', async () => {
    const report = await workflows.run(world(), async (handle) => {
      expect((await untilGate(handle)).awaitingApproval).toMatchObject({ approvers: twoOfThem, approvals: [] });
      expect(await approve(handle, { proof: 'ann.-.1' })).toMatchObject({
        message: 'approve accepted; the promotion needs 2 of ann, bob, group:sre (so far ann)',
      });
      await expect(approve(handle, { proof: 'ann.-.2' })).rejects.toMatchObject({
        cause: { message: 'cannot approve: ann has approved already; 1 more must' },
      });
      expect((await untilObserved(handle)).stage).toBe('Running');
      expect(await approve(handle, { proof: 'cid.sre.3', reason: 'not signed' })).toMatchObject({
        message: 'approve accepted',
      });
      return handle.result();
    });
    expect(report.outcome).toBe('Promoted');
    expect(report.reason).toContain('approved, verified: ann and cid (group sre): as signed');
  });

  test.each<[string, messages.RequestInput, messages.RequestInput, string]>([
    [
      'a name that nobody has verified',
      { by: 'ann' },
      { by: 'ann' },
      "the name must be verified, so that approvals come from serin's page or by SERIN_SERVER; approvers are 2 of ann, bob, group:sre",
    ],
    [
      'somebody else',
      { proof: 'eve.-.1' },
      { proof: 'eve.-.2' },
      'eve is none of the approvers: 2 of ann, bob, group:sre',
    ],
    [
      'what is no proof at all',
      { by: 'ann', proof: 'ann' },
      { by: 'ann', proof: 'ann..1' },
      'its proof is refused: it is no signed token (JWT)',
    ],
    [
      'a proof that proves nothing',
      { by: 'ann', proof: 'ann.-.forged' },
      { by: 'ann', proof: 'ann.-.forged' },
      'its proof is refused: it is not signed by a server that the worker trusts',
    ],
  ])('stays closed for %s, who is told why', async (_, input, again, why) => {
    await workflows.run(world(), async (handle) => {
      await untilGate(handle);
      await expect(approve(handle, input)).rejects.toMatchObject({ cause: { message: `cannot approve: ${why}` } });
      await handle.signal(messages.approveSignal, again);
      await untilReport(handle, 'the refusal', ({ warnings }) => warnings.join().includes(`ignored: ${why}`));
      const report = await untilObserved(handle);
      expect(report.stage).toBe('Running');
      expect(report.approved).toBeUndefined();
      await handle.signal(messages.abortSignal);
      await handle.result();
    });
  });

  test('takes a proof once', async () => {
    await workflows.run(world({ experiment: { ...guarded, iterations: 100 } }), async (handle) => {
      await untilStarted(handle);
      await handle.executeUpdate(messages.pauseUpdate, { args: [{ proof: 'ann.-.1' }] });
      expect((await handle.query(messages.statusQuery)).paused).toMatchObject({ by: 'ann', verified: { user: 'ann' } });
      await handle.executeUpdate(messages.resumeUpdate, { args: [{ proof: 'ann.-.2' }] });
      await handle.executeUpdate(messages.pauseUpdate, { args: [{ by: 'eve', proof: 'ann.-.1' }] });
      const { paused, warnings } = await handle.query(messages.statusQuery);
      // Anybody may pause, by what name they like; it is not the name of the proof.
      expect(paused).toMatchObject({ by: 'eve' });
      expect(paused?.verified).toBeUndefined();
      expect(warnings).toContain('pause by eve: nobody has verified the name: its proof has been used already');
      await handle.signal(messages.abortSignal);
      await handle.result();
    });
  });

  test('takes the proof of an approval once', async () => {
    const ofTwo = { ...guarded, approvers: { ...twoOfThem, count: 2 } };
    await workflows.run(world({ experiment: ofTwo }), async (handle) => {
      await untilGate(handle);
      await approve(handle, { proof: 'ann.-.1' });
      await expect(approve(handle, { proof: 'ann.-.1' })).rejects.toMatchObject({
        cause: { message: 'cannot approve: its proof has been used already' },
      });
      await handle.signal(messages.abortSignal);
      await handle.result();
    });
  });

  test('is closed by anybody: a rejection needs no proof', async () => {
    const report = await workflows.run(world(), async (handle) => {
      await untilGate(handle);
      await handle.signal(messages.rejectSignal, { by: 'eve' });
      return handle.result();
    });
    expect(report).toMatchObject({ outcome: 'RolledBack', reason: 'promotion rejected by eve' });
  });

  test('that nobody opens in time rolls back', async () => {
    const report = await workflows.run(world({ experiment: { ...guarded, approvalLimitMs: 1_000 } }), (handle) =>
      handle.result(),
    );
    expect(report).toMatchObject({ outcome: 'RolledBack', reason: 'no approval within 1 s' });
  });
});

describe('an abort with a proof', () => {
  test('says who it was', async () => {
    const report = await workflows.run(world(), async (handle) => {
      await untilStarted(handle);
      await handle.signal(messages.abortSignal, { by: 'somebody', proof: 'ann.-.1', reason: 'not signed' });
      return handle.result();
    });
    expect(report).toMatchObject({
      outcome: 'Aborted',
      reason: 'aborted, verified: ann: as signed',
      abortRequested: { by: 'ann', verified: { user: 'ann' } },
    });
  });

  test('counts whatever its proof is worth, and although nobody can check it', async () => {
    const broken = world({
      verify: () => {
        throw worldFailure('KeysUnreadable', 'no such file');
      },
    });
    const report = await workflows.run(broken, async (handle) => {
      await untilStarted(handle);
      await handle.signal(messages.abortSignal, { by: 'eve', proof: 'ann.-.forged' });
      return handle.result();
    });
    expect(report).toMatchObject({ outcome: 'Aborted', reason: 'aborted by eve', abortRequested: { by: 'eve' } });
    expect(report.abortRequested?.verified).toBeUndefined();
    expect(report.warnings).toEqual(['abort by eve: nobody has verified the name: its proof is refused: no such file']);
    expect(broken.patches.at(-1)?.shares[1]?.percent).toBe(0);
  });
});

describe('a gate without a decision in time', () => {
  const silent = anExperiment({ ...quick, approval: 'required', approvalLimitMs: 1_000 });

  test('promotes where the manifest says so, and says that nobody decided', async () => {
    const report = await workflows.run(world({ experiment: { ...silent, onApprovalLimit: 'promote' } }), (handle) =>
      handle.result(),
    );
    expect(report.outcome).toBe('Promoted');
    expect(report.reason).toContain('; no approval within 1 s, which promotes');
  });
});
