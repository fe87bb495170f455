import { describe, expect, test } from 'vitest';
import { WorkQueue } from '../../operator/work-queue.ts';
import type { Next } from '../../operator/work-queue.ts';
import { until } from '../support/until.ts';

/** A queue whose work waits until it is let go, one key after another. */
function heldQueue(concurrency: number, next: (key: string) => Next = () => undefined) {
  const begun: string[] = [];
  const open: (() => void)[] = [];
  const queue = new WorkQueue(async (key) => {
    begun.push(key);
    await new Promise<void>((resolve) => open.push(resolve));
    return next(key);
  }, concurrency);
  const letGo = async (count: number): Promise<void> => {
    for (let index = 0; index < count; index += 1) {
      const resolve = await until('work to be going on', async () => open.shift(), { pollMs: 1 });
      resolve();
    }
  };
  return { queue, begun, letGo };
}

describe('the work queue', () => {
  test('works on so many keys at a time, in their order', async () => {
    const { queue, begun, letGo } = heldQueue(2);
    for (const key of ['a', 'b', 'c', 'd']) queue.add(key);
    expect(begun).toEqual(['a', 'b']);
    await letGo(4);
    expect(begun).toEqual(['a', 'b', 'c', 'd']);
  });

  test('takes urgent keys first', async () => {
    const { queue, begun, letGo } = heldQueue(1);
    for (const key of ['a', 'b', 'c']) queue.add(key);
    queue.add('deleted', { isUrgent: true });
    await letGo(4);
    expect(begun).toEqual(['a', 'deleted', 'b', 'c']);
  });

  test('never works on a key twice at the same time, and works again on one that came meanwhile', async () => {
    const { queue, begun, letGo } = heldQueue(2);
    queue.add('a');
    queue.add('a');
    queue.add('a');
    expect(begun).toEqual(['a']);
    await letGo(1);
    await until('the second time', async () => begun.length === 2, { pollMs: 1 });
    await letGo(1);
    expect(begun).toEqual(['a', 'a']);
  });

  test('comes back to a key after the time that its work says, even when others are waiting', async () => {
    const { queue, begun, letGo } = heldQueue(1, (key) => (key === 'poll' ? { afterMs: 1 } : undefined));
    queue.add('poll');
    queue.add('other');
    await letGo(3);
    expect(begun.slice(0, 3)).toEqual(['poll', 'other', 'poll']);
    queue.stop();
  });
});
