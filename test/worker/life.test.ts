import { describe, expect, test, vi } from 'vitest';
import type { State } from '@temporalio/worker';
import { drain, whyNotReady } from '../../worker/life.ts';

function inState(state: State) {
  return { getState: () => state, shutdown: vi.fn<() => void>() };
}

describe('whyNotReady', () => {
  test('says that a process without a worker is starting', async () => {
    expect(await whyNotReady({ kind: 'starting' })).toBe('starting');
  });
});

describe('drain', () => {
  test('stops a worker that runs', () => {
    const worker = inState('RUNNING');
    drain({ worker });
    expect(worker.shutdown).toHaveBeenCalledOnce();
  });

  test.each(['STOPPING', 'DRAINING', 'DRAINED', 'STOPPED', 'FAILED'] as const)('leaves a %s worker alone', (state) => {
    const worker = inState(state);
    drain({ worker });
    expect(worker.shutdown).not.toHaveBeenCalled();
  });
});
