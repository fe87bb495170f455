import { readFileSync } from 'node:fs';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { describe, expect, test } from 'vitest';
import type { Act } from '../../../core/report/act.ts';
import { ActReader } from '../../../client/temporal/recorded-acts.ts';
import { findHistory } from '../../support/recorded-histories.ts';

/** What was done in the run of a recorded history. */
function readActs(name: string): readonly Act[] {
  const recorded = findHistory(name);
  if (recorded === undefined) throw new Error(`there is no history ${name}`);
  const reader = new ActReader();
  const { events } = historyFromJSON(JSON.parse(readFileSync(recorded, 'utf8')));
  for (const event of events ?? []) reader.read(event);
  return reader.acts;
}

describe('what was done in a run', () => {
  test('tells requests with who made them and why, whether they came as signals or as updates', () => {
    const askedIn = (name: string) => readActs(name).filter(({ kind }) => kind === 'request');
    const who = { kind: 'request', by: 'alice', reason: 'a recorded run', atMs: expect.any(Number) };
    expect(askedIn('paused-and-approved')).toEqual(
      ['pause', 'resume', 'approve'].map((request) => ({ ...who, request })),
    );
    expect(askedIn('aborted')).toEqual([{ ...who, request: 'abort' }]);
  });

  test('tells whose name was verified, and what was refused after that', () => {
    const asked = readActs('verified').filter(({ kind }) => kind === 'request');
    const verified = (request: string, user: string) => {
      return { kind: 'request', request, by: user, verified: { user }, atMs: expect.any(Number) };
    };
    expect(asked).toEqual([
      verified('pause', 'ann'),
      verified('resume', 'ann'),
      verified('approve', 'ann'),
      { ...verified('approve', 'ann'), refused: 'cannot approve: ann has approved already; 1 more must' },
      verified('approve', 'bob'),
    ]);
  });

  test('tells a request whose input cannot be read without a name', () => {
    const requests = readActs('unreadable').filter(({ kind }) => kind === 'request');
    expect(requests).toContainEqual({ kind: 'request', request: 'abort', atMs: expect.any(Number) });
  });

  test('tells the writes of the traffic, in order', () => {
    const writes = readActs('rolled-back').flatMap((act) =>
      act.kind === 'traffic' ? [act.shares.at(-1)?.percent] : [],
    );
    expect(writes[0]).toBe(10);
    expect(writes.at(-1)).toBe(0);
  });

  test('tells tasks with how long they took, and why one failed', () => {
    const [task] = readActs('failed-finish').filter(({ kind }) => kind === 'task');
    expect(task).toMatchObject({
      name: expect.stringContaining('helm upgrade sample-app'),
      endedAtMs: expect.any(Number),
      failure: 'helm exited with 1',
    });
    expect(readActs('tasks').flatMap((act) => (act.kind === 'task' ? [act.name] : []))).toEqual(
      expect.arrayContaining(['metrics/collect', 'readiness', 'notification by HTTP']),
    );
  });
});
