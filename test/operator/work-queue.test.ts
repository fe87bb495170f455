import { describe, expect, test } from 'vitest';
import { WorkQueue } from '../../operator/work-queue.ts';
import type { Next } from '../../operator/work-queue.ts';
import { until } from '../support/until.ts';

/** A queue whose work waits until it is let go, one key after another. Keys are such as `team-a/x`, or `x` of namespace `x`. */
function heldQueue(
  concurrency: number,
  next: (key: string) => Next = () => undefined,
  namespaceConcurrency = Infinity,
) {
  const begun: string[] = [];
  const open: (() => void)[] = [];
  const queue = new WorkQueue(
    async (key) => {
      begun.push(key);
      await new Promise<void>((resolve) => open.push(resolve));
      return next(key);
    },
    { concurrency, namespaceConcurrency, namespaceOf: (key) => key.split('/')[0] ?? '' },
  );
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

  test('serves namespaces in turn: many keys of one delay the key of another by one turn', async () => {
    const { queue, begun, letGo } = heldQueue(1);
    for (let index = 0; index < 500; index += 1) queue.add(`crowd/${index}`);
    for (const key of ['b/0', 'b/1', 'c/0']) queue.add(key);
    await letGo(7);
    expect(begun.slice(0, 7)).toEqual(['crowd/0', 'crowd/1', 'b/0', 'c/0', 'crowd/2', 'b/1', 'crowd/3']);
  });

  test('serves namespaces in turn where all keys are urgent', async () => {
    const { queue, begun, letGo } = heldQueue(1);
    for (let index = 0; index < 500; index += 1) queue.add(`crowd/${index}`, { isUrgent: true });
    queue.add('b/0', { isUrgent: true });
    await letGo(3);
    expect(begun.slice(0, 3)).toEqual(['crowd/0', 'crowd/1', 'b/0']);
  });

  test('serves an ordinary key after each urgent one, so that urgent ones without end hold up nobody', async () => {
    const { queue, begun, letGo } = heldQueue(1);
    for (let index = 0; index < 500; index += 1) queue.add(`crowd/${index}`, { isUrgent: true });
    for (const key of ['b/0', 'b/1']) queue.add(key);
    await letGo(4);
    expect(begun.slice(0, 4)).toEqual(['crowd/0', 'b/0', 'crowd/1', 'b/1']);
  });

  test('keeps a part of its places free of any one namespace, whose work may take long', () => {
    const { queue, begun } = heldQueue(4, () => undefined, 3);
    for (let index = 0; index < 10; index += 1) queue.add(`slow/${index}`);
    expect(begun).toEqual(['slow/0', 'slow/1', 'slow/2']);
    queue.add('b/0');
    expect(begun.at(-1)).toBe('b/0');
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
