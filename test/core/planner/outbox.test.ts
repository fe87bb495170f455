import { describe, expect, test } from 'vitest';
import type { Notice } from '../../../core/experiment/notice.ts';
import { afterAttempt, emptyOutbox, findNews, retryPauseMs, withNotices } from '../../../core/planner/outbox.ts';
import type { Condition, Outbox } from '../../../core/planner/outbox.ts';

const minute = 60_000;
const blind: Condition = { event: 'Blind', subject: '' };
const suspect: Condition = { event: 'Suspect', subject: 'green' };

/** What is told at each of the times, in minutes, at which the conditions stand. */
function tell(course: readonly (readonly [atMinute: number, standing: readonly Condition[]])[]): readonly string[] {
  let { told }: Pick<Outbox, 'told'> = emptyOutbox;
  return course.flatMap(([atMinute, standing]) => {
    const next = findNews({ told }, standing, atMinute * minute);
    told = next.told;
    return next.news.map(({ event, subject }) => `${atMinute}: ${event} ${subject}`.trim());
  });
}

describe('news', () => {
  test('are what stands now and was not told, and what is over of that', () => {
    const course = [
      [0, [blind]],
      [1, [blind]],
      [2, []],
    ] as const;
    expect(tell(course)).toEqual(['0: Blind', '2: Sighted']);
  });

  test('of observations are not repeated within ten minutes, and then, if it still stands', () => {
    const course = [
      [0, [suspect]],
      [1, []],
      [2, [suspect]],
      [9, [suspect]],
      [10, [suspect]],
      [11, [suspect]],
    ] as const;
    expect(tell(course)).toEqual(['0: Suspect green', '10: Suspect green']);
  });

  test('that were not told are not told to be over', () => {
    const course = [
      [0, [blind]],
      [1, []],
      [2, [blind]],
      [3, []],
    ] as const;
    expect(tell(course)).toEqual(['0: Blind', '1: Sighted']);
  });

  test('are one for each subject', () => {
    const red = { ...suspect, subject: 'red one' };
    const course = [
      [0, [suspect]],
      [1, [suspect, red]],
    ] as const;
    expect(tell(course)).toEqual(['0: Suspect green', '1: Suspect red one']);
  });

  test('of what people do are told each time', () => {
    const course = [
      [0, [{ event: 'Paused', subject: '1' }]],
      [1, []],
      [2, [{ event: 'Paused', subject: '2' }]],
      [3, []],
    ] as const;
    expect(tell(course)).toEqual(['0: Paused 1', '1: Resumed 1', '2: Paused 2', '3: Resumed 2']);
  });
});

function aNotice(atMs: number): Omit<Notice, 'number'> {
  return { event: 'Blind', atMs, what: 'Blind', why: '', facts: [] };
}

const waiting = withNotices(emptyOutbox, [aNotice(0), aNotice(minute)]);

describe('an attempt', () => {
  test('ends the wait of what all receivers have', () => {
    const receivers = { a: { delivered: 2 }, b: { delivered: 1 } };
    const { outbox, lost } = afterAttempt(waiting, { receivers, lost: [], behind: { b: 'no answer' } }, 2 * minute);
    expect(outbox).toMatchObject({ receivers, failedAttempts: 1, waiting: [{ number: 2 }] });
    expect(lost).toEqual([]);
  });

  test('gives up after an hour, for the receivers that are behind', () => {
    const receivers = { a: { delivered: 2 }, b: { delivered: 1 } };
    const attempt = { receivers, lost: ['x'], behind: { b: 'no answer' } };
    const { outbox, lost } = afterAttempt(waiting, attempt, 61 * minute);
    expect(outbox.waiting).toEqual([]);
    expect(lost).toEqual(['x', 'the notice Blind was not delivered to b: no answer']);
  });

  test('that fails as a whole keeps all for an hour', () => {
    const later = afterAttempt(waiting, { failure: 'no worker' }, 59 * minute);
    expect(later).toMatchObject({ outbox: { failedAttempts: 1, waiting: [{ number: 1 }, { number: 2 }] }, lost: [] });
    const late = afterAttempt(waiting, { failure: 'no worker' }, 60 * minute);
    expect(late.outbox.waiting).toMatchObject([{ number: 2 }]);
    expect(late.lost).toEqual(['the notice Blind was not delivered: no worker']);
  });

  test('where there are no receivers leaves nothing waiting', () => {
    expect(afterAttempt(waiting, { receivers: {}, lost: [], behind: {} }, 0).outbox.waiting).toEqual([]);
  });

  test('is followed by another one after a while, which grows, or when the receiver wants it', () => {
    const after = (failedAttempts: number): number => retryPauseMs({ ...emptyOutbox, failedAttempts }, 0);
    expect([0, 1, 2, 3, 20].map(after)).toEqual([0, 5_000, 10_000, 20_000, 300_000]);
    const asked = { ...emptyOutbox, failedAttempts: 1, notBeforeMs: 40_000 };
    expect(retryPauseMs(asked, 10_000)).toBe(30_000);
    expect(retryPauseMs({ ...asked, notBeforeMs: 100 * 3_600_000 }, 0)).toBe(3_600_000);
  });
});

test('of very many notices the oldest are given up', () => {
  const many = Array.from({ length: 60 }, (_, index) => aNotice(index));
  const { waiting: kept, lastNumber } = withNotices(emptyOutbox, many);
  expect([kept.length, kept[0]?.number, lastNumber]).toEqual([50, 11, 60]);
});
