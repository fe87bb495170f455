import { describe, expect, test } from 'vitest';
import { BoundedThreads, LimitExceeded } from '../../threads/bounded-threads.ts';
import type { SlowQuestion } from './slow-script.ts';

function startAsking({ limitMs = 30_000, heapMiB = 64 } = {}): (question: SlowQuestion) => Promise<unknown> {
  const script = new URL('./slow-script.ts', import.meta.url);
  const threads = new BoundedThreads(script, { threads: 1, limitMs, heapMiB });
  return (question) => threads.ask(question);
}

describe('threads with limits', () => {
  test('answer', async () => {
    expect(await startAsking()('hello')).toBe('hello');
  });

  test.each([
    ['time', 'loop', { limitMs: 1_000 }, 'it takes more than 1 s'],
    ['memory', 'fill', {}, 'it takes more than 64 MiB of memory'],
  ] as const)('give up what needs too much %s, and answer the next question', async (_, question, limits, message) => {
    const ask = startAsking(limits);
    const [costly, next] = await Promise.allSettled([ask(question), ask('hello')]);
    expect(costly).toEqual({ status: 'rejected', reason: expect.any(LimitExceeded) });
    expect(costly).toMatchObject({ reason: { message } });
    expect(next).toEqual({ status: 'fulfilled', value: 'hello' });
  });

  test('count the time of a question from its own beginning, not from that of those before it', async () => {
    const ask = startAsking({ limitMs: 1_000 });
    const results = await Promise.allSettled([ask('loop'), ask('loop'), ask('hello')]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
  });

  test('fail as their script does, and answer the next question', async () => {
    const ask = startAsking();
    const [failed, ended, next] = await Promise.allSettled([ask('fail'), ask('exit'), ask('hello')]);
    expect(failed).toMatchObject({ reason: { message: 'no such thing' } });
    expect(ended).toMatchObject({ reason: { message: 'the thread ended without an answer' } });
    expect(next).toEqual({ status: 'fulfilled', value: 'hello' });
  });
});
