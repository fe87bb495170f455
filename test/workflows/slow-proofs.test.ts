import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as messages from '../../contract/messages.ts';
import type { ActVerification } from '../../contract/proof.ts';
import { anExperiment } from '../support/builders.ts';
import { fakeWorld } from '../support/fake-world.ts';
import { until } from '../support/until.ts';
import { startServerEnvironment } from '../support/workflow-environment.ts';
import type { ExperimentHandle, WorkflowEnvironment } from '../support/workflow-environment.ts';

let workflows: WorkflowEnvironment;
beforeAll(async () => {
  workflows = await startServerEnvironment();
});
afterAll(() => workflows.teardown());

/** A world in which the check of a proof takes until `answer` is called. */
function slowVerification() {
  const { promise, resolve } = Promise.withResolvers<ActVerification>();
  const proofs = new Set<string>();
  const approvers = { users: ['ann'], groups: [], count: 1 };
  const world = fakeWorld({
    experiment: anExperiment({ approval: 'required', approvers, intervalMs: 500, iterations: 2 }),
    verify: ({ proof }) => {
      proofs.add(proof);
      return promise;
    },
  });
  return { world, proofs, answer: () => resolve({ kind: 'refused', why: 'it is too old' }) };
}

async function untilGate(handle: ExperimentHandle): Promise<void> {
  const isOpen = async () => (await handle.query(messages.statusQuery)).awaitingApproval !== undefined;
  await until('the gate', isOpen, { pollMs: 50 });
}

describe('proofs whose check takes long', () => {
  test('are so many at a time, and hold no abort up', async () => {
    const { world, proofs, answer } = slowVerification();
    const report = await workflows.run(world, async (handle) => {
      await untilGate(handle);
      const asked = Array.from({ length: 22 }, (_, index) => `eve.-.${index}`);
      for (const proof of asked) await handle.signal(messages.approveSignal, { proof });
      const { warnings } = await handle.query(messages.statusQuery);
      await handle.signal(messages.abortSignal, { by: 'ann' });
      const isBack = async (): Promise<boolean> => world.patches.at(-1)?.shares[1]?.percent === 0;
      await until('the traffic to be back', isBack, { pollMs: 50 }).finally(answer);
      expect(proofs.size).toBe(20);
      expect(warnings.join()).toContain('its proof is not checked: 20 others are being checked, ask again');
      return handle.result();
    });
    expect(report).toMatchObject({ outcome: 'Aborted', reason: 'aborted by ann' });
  });

  test('hold no rejection up, of which the name follows', async () => {
    const { world, answer } = slowVerification();
    const report = await workflows.run(world, async (handle) => {
      await untilGate(handle);
      await handle.signal(messages.rejectSignal, { by: 'ann', proof: 'ann.-.1' });
      const hasLeft = async (): Promise<boolean> => (await handle.query(messages.statusQuery)).stage !== 'Running';
      await until('the roll back', hasLeft, { pollMs: 50 }).finally(answer);
      return handle.result();
    });
    expect(report).toMatchObject({ outcome: 'RolledBack', reason: 'promotion rejected by ann' });
    expect(report.warnings.join()).toContain('nobody has verified the name: its proof is refused: it is too old');
  });
});
