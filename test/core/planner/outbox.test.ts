import { describe, expect, test } from 'vitest';
import type { Notice } from '../../../core/experiment/notice.ts';
import {
  afterAttempt,
  emptyOutbox,
  findNews,
  findResting,
  retryPauseMs,
  withNotices,
} from '../../../core/planner/outbox.ts';
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

const { outbox: waiting } = withNotices(emptyOutbox, [aNotice(0), aNotice(minute)]);
const noAnswer = { failed: { why: 'no answer' } };

describe('an attempt', () => {
  test('ends the wait of what all receivers have', () => {
    const receivers = { a: { delivered: 2 }, b: { delivered: 1, ...noAnswer } };
    const { outbox, lost } = afterAttempt(waiting, { receivers, lost: [] }, 2 * minute);
    expect(outbox).toMatchObject({
      waiting: [{ number: 2 }],
      receivers: {
        a: { delivered: 2 },
        b: { delivered: 1, trouble: { attempts: 1, notBeforeMs: 2 * minute + 5_000, why: 'no answer' } },
      },
    });
    expect(lost).toEqual([]);
  });

  test('gives up after an hour, for the receivers that are behind', () => {
    const receivers = { a: { delivered: 2 }, b: { delivered: 1, ...noAnswer } };
    const { outbox, lost } = afterAttempt(waiting, { receivers, lost: ['x'] }, 61 * minute);
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

  test('where there are no receivers leaves nothing waiting, and a receiver that comes back goes on with its thread', () => {
    const begun: Outbox = { ...waiting, receivers: { a: { delivered: 1, thread: 'C/1' } } };
    expect(afterAttempt(begun, { receivers: {}, lost: [] }, 0).outbox).toMatchObject({
      waiting: [],
      receivers: { a: { delivered: 2, thread: 'C/1' } },
    });
  });
});

describe('the pace of receivers', () => {
  const troubled = (outbox: Outbox, nowMs: number, retryAfterMs?: number): Outbox => {
    const failed = { why: 'no answer', ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
    return afterAttempt(
      outbox,
      { receivers: { down: { delivered: 0, failed }, up: { delivered: 2 } }, lost: [] },
      nowMs,
    ).outbox;
  };

  test('grows for each by itself, to five minutes', () => {
    let outbox = waiting;
    const pauses = Array.from({ length: 8 }, () => {
      outbox = troubled(outbox, 0);
      return retryPauseMs(outbox, 0);
    });
    expect(pauses).toEqual([5_000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000]);
  });

  test('is as slow as a receiver wants, and no slower than an hour', () => {
    expect(retryPauseMs(troubled(waiting, 0, 40_000), 10_000)).toBe(30_000);
    expect(retryPauseMs(troubled(waiting, 0, 100 * 3_600_000), 0)).toBe(3_600_000);
  });

  test('of one that is in trouble is not that of a notice for another one', () => {
    const outbox = troubled(waiting, 0, 3_600_000);
    const { outbox: more } = withNotices(outbox, [aNotice(1)]);
    expect(findResting(more, 1)).toEqual(['down']);
    expect(retryPauseMs(more, 1)).toBe(0);
    const skipped = { down: { delivered: 0, isSkipped: true }, up: { delivered: 3 } };
    const { outbox: next } = afterAttempt(more, { receivers: skipped, lost: [] }, 1);
    expect(next.receivers['down']).toEqual(outbox.receivers['down']);
    expect(retryPauseMs(next, 1)).toBe(3_600_000 - 1);
    expect(findResting(next, 3_600_000)).toEqual([]);
  });

  test('begins anew once it takes something', () => {
    const receivers = { down: { delivered: 1 } };
    const { outbox } = afterAttempt(troubled(waiting, 0), { receivers, lost: [] }, 5_000);
    expect(outbox.receivers['down']).toEqual({ delivered: 1 });
    expect(retryPauseMs(outbox, 5_000)).toBe(0);
  });

  test('grows for all where an attempt fails as a whole', () => {
    const after = (attempts: number): number => {
      const failed = { ...waiting, failedAttempts: attempts - 1 };
      return retryPauseMs(afterAttempt(failed, { failure: 'no worker' }, 0).outbox, 1);
    };
    expect([1, 2, 3, 20].map(after)).toEqual([4_999, 9_999, 19_999, 299_999]);
  });
});

test('of very many notices the oldest are given up, and that is told', () => {
  const many = Array.from({ length: 51 }, (_, index) => aNotice(index));
  const { outbox, lost } = withNotices(emptyOutbox, many);
  expect([outbox.waiting.length, outbox.waiting[0]?.number, outbox.lastNumber]).toEqual([50, 2, 51]);
  expect(lost).toEqual(['the notice Blind was not delivered: more than 50 wait']);
});
