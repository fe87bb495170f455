import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { BoundedProcesses, LimitExceeded } from '../../apart/bounded-processes.ts';
import { until } from '../../sandbox/processes/condition.ts';
import { isRunning } from '../activities/commands/processes.ts';
import type { SlowQuestion } from './slow-script.ts';

function startAsking({ limitMs = 30_000, heapMiB = 64, idleMs = 60_000 } = {}): (
  question: SlowQuestion,
) => Promise<unknown> {
  const script = new URL('./slow-script.ts', import.meta.url);
  const processes = new BoundedProcesses(script, { processes: 1, limitMs, heapMiB, idleMs });
  return (question) => processes.ask(question);
}

/** What a process has computed so far, of proc(5): a tick is a hundredth of a second. */
function cpuSeconds(id: number): number {
  const text = readFileSync(`/proc/${id}/stat`, 'utf8');
  const [user = '', system = ''] = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11);
  return (Number(user) + Number(system)) / 100;
}

describe('processes with limits', () => {
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
    expect(ended).toMatchObject({ reason: { message: 'the process ended without an answer: exit code 3' } });
    expect(next).toEqual({ status: 'fulfilled', value: 'hello' });
  });

  test('end when nothing is asked for a while, and answer the next question', async () => {
    const ask = startAsking({ idleMs: 1 });
    const id = Number(await ask('id'));
    await until({ what: 'it to end', limitMs: 30_000 }, async () => !isRunning(id));
    expect(Number(await ask('id'))).not.toBe(id);
  });

  test('are kept for the next question', async () => {
    const ask = startAsking();
    expect(await ask('id')).toBe(await ask('id'));
  });

  test('end with the process that asks, even in the midst of an answer', async () => {
    const asking = spawn(process.execPath, [fileURLToPath(new URL('./asking-script.ts', import.meta.url))]);
    const id = asking.pid ?? 0;
    const answering = await until({ what: 'the question to be asked', limitMs: 30_000 }, async () => {
      return Number(readFileSync(`/proc/${id}/task/${id}/children`, 'utf8').trim()) || undefined;
    });
    // More than it takes to begin.
    await until({ what: 'it to compute', limitMs: 60_000 }, async () => cpuSeconds(answering) > 2);
    asking.kill('SIGKILL');
    await until({ what: 'its answer to be given up', limitMs: 30_000 }, async () => !isRunning(answering));
  });
});
