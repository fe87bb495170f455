import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test, vi } from 'vitest';
import { withTimeLimit } from '../../metrics/time-limit.ts';

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const gc: unknown = runInNewContext('gc');
  if (typeof gc !== 'function') throw new Error('node has no garbage collector to call');
  gc();
}

test('ends in time though garbage is collected meanwhile', async () => {
  const limited = withTimeLimit(new AbortController().signal, 300);
  await vi.waitUntil(
    () => {
      collectGarbage();
      return limited.aborted;
    },
    { timeout: 10_000, interval: 50 },
  );
  expect(limited.reason).toMatchObject({ name: 'TimeoutError' });
});

test('ends with its signal, and with the reason of that', async () => {
  const controller = new AbortController();
  const limited = withTimeLimit(controller.signal, 60_000);
  const ended = delay(60_000, undefined, { signal: limited });
  controller.abort(new Error('enough'));
  await expect(ended).rejects.toThrow();
  expect(limited.reason).toMatchObject({ message: 'enough' });
});
