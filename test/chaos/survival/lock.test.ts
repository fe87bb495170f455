import { describe, expect, test } from 'vitest';
import { SharedParts } from './lock.ts';

/** Somebody with the parts, who gives them back when `leave` is called. */
function visit(begin: (during: () => Promise<void>) => Promise<void>): { isIn: () => boolean; leave: () => void } {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  let isIn = false;
  void begin(async () => {
    isIn = true;
    await promise;
    isIn = false;
  });
  return { isIn: () => isIn, leave: () => resolve(undefined) };
}

describe('parts that are shared', () => {
  test('are used by many at a time', async () => {
    const parts = new SharedParts();
    const users = [1, 2].map(() => visit((during) => parts.use(during)));
    await settled();
    expect(users.map(({ isIn }) => isIn())).toEqual([true, true]);
  });

  test('are not taken away from who uses them, nor used by who comes in the same moment as they become free', async () => {
    const parts = new SharedParts();
    const first = visit((during) => parts.use(during));
    const taker = visit((during) => parts.take('temporal', during));
    await settled();
    expect([first.isIn(), taker.isIn()]).toEqual([true, false]);
    first.leave();
    const second = visit((during) => parts.use(during));
    await settled();
    expect([first.isIn(), taker.isIn(), second.isIn()]).toEqual([false, true, false]);
    taker.leave();
    await settled();
    expect([taker.isIn(), second.isIn()]).toEqual([false, true]);
  });

  test('are known to have been away by all whose time it was', async () => {
    const parts = new SharedParts();
    const taker = visit((during) => parts.take('temporal', during));
    await settled();
    const sinceMs = performance.now();
    expect([parts.wasAway('temporal', sinceMs), parts.wasAway('apiServer', 0)]).toEqual([true, false]);
    taker.leave();
    await settled();
    expect(parts.wasAway('temporal', sinceMs)).toBe(true);
    expect(parts.wasAway('temporal', performance.now() + 1)).toBe(false);
  });

  test('are taken by one at a time, and are given back by who fails', async () => {
    const parts = new SharedParts();
    const failure = parts.take('temporal', () => Promise.reject(new Error('broken')));
    const taker = visit((during) => parts.take('temporal', during));
    const another = visit((during) => parts.take('temporal', during));
    await expect(failure).rejects.toThrow('broken');
    await settled();
    expect([taker.isIn(), another.isIn()]).toEqual([true, false]);
    taker.leave();
    await settled();
    expect([taker.isIn(), another.isIn()]).toEqual([false, true]);
  });
});

/** Everything that waits for promises only has gone on. */
async function settled(): Promise<void> {
  await new Promise(setImmediate);
}
