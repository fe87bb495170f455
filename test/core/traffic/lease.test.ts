import { describe, expect, test } from 'vitest';
import {
  formatHolder,
  holderAnnotations,
  leaseHolder,
  isHeldBy,
  isOnTemporal,
  judgeOwnership,
} from '../../../core/traffic/lease.ts';
import type { ChainState, LeaseFacts } from '../../../core/traffic/lease.ts';

const us = {
  temporalAddress: 'temporal:7233',
  temporalNamespace: 'default',
  workflowId: 'experiment/default/b',
  firstRunId: 'run-b',
};
const them = { ...us, workflowId: 'experiment/default/a', firstRunId: 'run-a' };
const nowMs = 1_700_000_100_000;

function judge(chain: ChainState, changes: Partial<LeaseFacts> = {}, holder = us) {
  const lease = {
    holderIdentity: formatHolder(them),
    annotations: holderAnnotations(them),
    durationSeconds: 30,
    ...changes,
  };
  return judgeOwnership({ lease, holder, chain, nowMs, leaseName: 'default/serin-app' });
}

describe('judgeOwnership', () => {
  test('is ours when the identity is ours, whatever the chain does', () => {
    expect(judge({ kind: 'unknown', reason: 'whatever' }, {}, them)).toEqual({ kind: 'ours' });
  });

  test('is held while the holder runs', () => {
    const why = 'experiment experiment/default/a is running';
    expect(judge({ kind: 'open' })).toEqual({ kind: 'held', by: them, chain: 'open', why });
  });

  test("is free when the holder has ended and its last activity's limit has passed", () => {
    expect(judge({ kind: 'closed', closedAtMs: nowMs - 30_000 })).toEqual({ kind: 'free' });
    const why = 'experiment experiment/default/a ended at 2023-11-14 22:14:31 UTC; its last activity may go on for 1 s';
    expect(judge({ kind: 'closed', closedAtMs: nowMs - 29_000 })).toEqual({
      kind: 'held',
      by: them,
      chain: 'closed',
      why,
    });
  });

  test('waits for a raised limit', () => {
    expect(judge({ kind: 'closed', closedAtMs: nowMs - 31_000 }, { durationSeconds: 330 }).kind).toBe('held');
  });

  test('is held when nothing is known, with the way out', () => {
    expect(judge({ kind: 'unknown', reason: 'its workflow is not found' })).toEqual({
      kind: 'held',
      by: them,
      chain: 'unknown',
      why: 'its workflow is not found; if it is known to have ended, run `serin restore` on the target, or delete Lease default/serin-app',
    });
  });

  test('names the holder of a Lease that no experiment made', () => {
    const ownership = judge(
      { kind: 'unknown', reason: 'it names no experiment' },
      { annotations: {}, holderIdentity: 'eve' },
    );
    expect(ownership).toMatchObject({ kind: 'held', by: { workflowId: 'eve', temporalAddress: 'unknown' } });
  });
});

describe('the holder on the Lease', () => {
  test('is read back as it was written', () => {
    const lease = { holderIdentity: formatHolder(us), annotations: holderAnnotations(us) };
    expect(leaseHolder(lease)).toEqual(us);
    expect(isHeldBy(lease, us)).toBe(true);
    expect(isHeldBy(lease, { ...us, firstRunId: 'run-c' })).toBe(false);
  });

  test('is undefined when any part is missing', () => {
    const { 'serin.dev/workflow-id': _, ...annotations } = holderAnnotations(us);
    expect(leaseHolder({ annotations })).toBeUndefined();
  });

  test('is on this Temporal only when address and namespace are the same', () => {
    expect(isOnTemporal(us, { address: 'temporal:7233', namespace: 'default' })).toBe(true);
    expect(isOnTemporal(us, { address: 'temporal:7233', namespace: 'other' })).toBe(false);
    expect(isOnTemporal(us, { address: 'other:7233', namespace: 'default' })).toBe(false);
  });
});
