import { describe, expect, test } from 'vitest';
import type { Calendar, Period } from '../../../core/experiment/calendar.ts';
import { findEmptyPeriod, findOpening } from '../../../formats/calendar/closure.ts';

const timeZone = 'Europe/Berlin';
const officeHours: Period = {
  name: 'office hours',
  from: '2026-01-05T09:00',
  to: '2026-01-05T16:00',
  timeZone,
  repeat: 'FREQ=WEEKLY;BYDAY=MO,TU,WE,TH',
  except: ['2026-04-06T09:00'],
};
const christmas: Period = { name: 'Christmas', from: '2026-12-18T12:00', to: '2027-01-04T08:00', timeZone };

function ask(calendar: Partial<Calendar>, at: string) {
  const { closure, changesAtMs } = findOpening({ open: [], closed: [], ...calendar }, Date.parse(at));
  return [closure?.why, changesAtMs === undefined ? undefined : new Date(changesAtMs).toISOString().slice(0, 16)];
}

describe('windows', () => {
  test.each([
    // In winter Berlin is an hour ahead of UTC, in summer two.
    ['before the first of all', '2026-01-01T12:00Z', 'not within office hours', '2026-01-05T08:00'],
    ['just before one', '2026-01-06T07:59Z', 'not within office hours', '2026-01-06T08:00'],
    ['at its beginning', '2026-01-06T08:00Z', undefined, '2026-01-06T15:00'],
    ['at its end', '2026-01-06T15:00Z', 'not within office hours', '2026-01-07T08:00'],
    ['over a weekend of which Friday is a part', '2026-01-09T10:00Z', 'not within office hours', '2026-01-12T08:00'],
    ['in summer time', '2026-07-07T07:00Z', undefined, '2026-07-07T14:00'],
    ['on an exception', '2026-04-06T10:00Z', 'not within office hours', '2026-04-07T07:00'],
  ])('%s', (_, at, why, changesAt) => {
    expect(ask({ open: [officeHours] }, at)).toEqual([why, changesAt]);
  });

  test('one of several suffices', () => {
    const evening: Period = { from: '2026-01-05T15:30', to: '2026-01-05T20:00', timeZone, repeat: 'FREQ=DAILY' };
    expect(ask({ open: [officeHours, evening] }, '2026-01-06T14:00Z')).toEqual([undefined, '2026-01-06T19:00']);
  });

  test('that are over never open again', () => {
    const once: Period = { from: '2026-01-05T09:00', to: '2026-01-05T16:00', timeZone };
    expect(ask({ open: [once] }, '2026-02-01T00:00Z')).toEqual([
      'not within 2026-01-05T09:00 to 2026-01-05T16:00 Europe/Berlin',
      undefined,
    ]);
  });
});

describe('freezes', () => {
  test('close what is open, until both allow it', () => {
    const calendar = { open: [officeHours], closed: [christmas] };
    expect(ask(calendar, '2026-12-18T10:59Z')).toEqual(['not within office hours', '2027-01-04T08:00']);
    expect(ask(calendar, '2026-12-22T10:00Z')).toEqual(['Christmas', '2027-01-04T08:00']);
    expect(ask({ closed: [christmas] }, '2026-12-22T10:00Z')).toEqual(['Christmas', '2027-01-04T07:00']);
  });

  test('that follow one another are one', () => {
    const more: Period = { name: 'stocktaking', from: '2027-01-04T08:00', to: '2027-01-05T08:00', timeZone };
    expect(ask({ closed: [christmas, more] }, '2026-12-22T10:00Z')).toEqual(['Christmas', '2027-01-05T07:00']);
  });

  test('of a day have 23 hours where summer time begins', () => {
    const sundays: Period = {
      from: '2026-01-04T00:00',
      to: '2026-01-05T00:00',
      timeZone,
      repeat: 'FREQ=WEEKLY;BYDAY=SU',
      name: 'Sundays',
    };
    expect(ask({ closed: [sundays] }, '2026-03-28T22:00Z')).toEqual([undefined, '2026-03-28T23:00']);
    expect(ask({ closed: [sundays] }, '2026-03-29T12:00Z')).toEqual(['Sundays', '2026-03-29T22:00']);
  });

  test('that overlap their own next one have no end', () => {
    const always: Period = { from: '2026-01-04T00:00', to: '2026-01-05T01:00', timeZone, repeat: 'FREQ=DAILY' };
    expect(ask({ closed: [{ ...always, name: 'stop' }] }, '2026-03-28T22:00Z')).toEqual(['stop', undefined]);
  });

  test('are over when their rule is', () => {
    const ends: Period = {
      ...christmas,
      from: '2026-01-02T00:00',
      to: '2026-01-03T00:00',
      repeat: 'FREQ=WEEKLY;COUNT=2',
    };
    expect(ask({ closed: [ends] }, '2026-01-09T12:00Z')).toEqual(['Christmas', '2026-01-09T23:00']);
    expect(ask({ closed: [ends] }, '2026-01-12T12:00Z')).toEqual([undefined, undefined]);
  });
});

test.each([
  ['FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30', 'Christmas'],
  ['FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29', undefined],
  ['FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;INTERVAL=7', undefined],
])('of a rule such as %s the period that never recurs is %s', (repeat, title) => {
  expect(findEmptyPeriod({ open: [officeHours], closed: [{ ...christmas, repeat }] })).toBe(title);
});
