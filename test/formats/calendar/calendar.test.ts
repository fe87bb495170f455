import { describe, expect, test } from 'vitest';
import { readCalendar } from '../../../formats/calendar/calendar.ts';

describe('a calendar', () => {
  test('has a time zone for all periods that name none, and UTC without one', () => {
    const text = `
timeZone: Europe/Berlin
open:
  - { from: 2026-01-05T09:00, to: 2026-01-05T16:00, repeat: "RRULE:FREQ=WEEKLY;BYDAY=MO,TU" }
closed:
  - { name: Christmas, from: 2026-12-18T12:00, to: 2027-01-04T08:00, timeZone: America/New_York }
`;
    expect(readCalendar(text)).toEqual({
      kind: 'read',
      calendar: {
        open: [
          {
            from: '2026-01-05T09:00',
            to: '2026-01-05T16:00',
            timeZone: 'Europe/Berlin',
            repeat: 'FREQ=WEEKLY;BYDAY=MO,TU',
          },
        ],
        closed: [{ name: 'Christmas', from: '2026-12-18T12:00', to: '2027-01-04T08:00', timeZone: 'America/New_York' }],
      },
    });
    expect(readCalendar('closed: [{ from: 2026-12-18T12:00, to: 2026-12-19T12:00 }]')).toMatchObject({
      calendar: { closed: [{ timeZone: 'UTC' }] },
    });
  });

  test.each([
    [
      'an end before its beginning',
      '{ from: 2026-12-18T12:00, to: 2026-12-18T12:00 }',
      'closed[0].to: expected a time after 2026-12-18T12:00',
    ],
    [
      'a day that does not exist',
      '{ from: 2026-02-30T12:00, to: 2026-03-01T12:00 }',
      'closed[0].from: expected a time without its zone',
    ],
    [
      'a time with a zone',
      '{ from: 2026-02-20T12:00Z, to: 2026-03-01T12:00 }',
      'closed[0].from: expected a time without its zone',
    ],
    [
      'an unknown zone',
      '{ from: 2026-12-18T12:00, to: 2026-12-19T12:00, timeZone: Mars/Base }',
      'closed[0].timeZone: expected the name of a time zone',
    ],
    [
      'an offset for a zone',
      '{ from: 2026-12-18T12:00, to: 2026-12-19T12:00, timeZone: "+01:00" }',
      'closed[0].timeZone: expected the name of a time zone',
    ],
    [
      'what is no rule',
      '{ from: 2026-12-18T12:00, to: 2026-12-19T12:00, repeat: every Friday }',
      'closed[0].repeat: expected a rule of RFC 5545',
    ],
    [
      'a rule by the second',
      '{ from: 2026-12-18T12:00, to: 2026-12-19T12:00, repeat: FREQ=SECONDLY }',
      'closed[0].repeat: expected a rule of RFC 5545',
    ],
    [
      'a part of a rule that it cannot have',
      '{ from: 2026-12-18T12:00, to: 2026-12-19T12:00, repeat: FREQ=WEEKLY;BYDAY=XX }',
      'closed[0].repeat: expected a rule of RFC 5545',
    ],
    [
      'exceptions from nothing',
      '{ from: 2026-12-18T12:00, to: 2026-12-19T12:00, except: [2026-12-18T12:00] }',
      'closed[0].except: expected it beside repeat only',
    ],
    [
      'an unknown field',
      '{ from: 2026-12-18T12:00, to: 2026-12-19T12:00, until: x }',
      'closed[0].until: expected one of name, from, to, timeZone, repeat, except',
    ],
  ])('with %s is refused, with the place', (_, period, problem) => {
    const reading = readCalendar(`closed:\n  - ${period}\n`);
    expect(reading).toMatchObject({ kind: 'invalid', problems: [expect.stringContaining(`line 2: ${problem}`)] });
  });

  test.each([
    ['nothing', '{}', 'expected a period in open or in closed'],
    ['two documents', 'open: []\n---\nclosed: []', 'expected one document'],
    [
      'too many periods',
      `closed: [${'{ from: 2026-12-18T12:00, to: 2026-12-19T12:00 }, '.repeat(60)}]`,
      'expected at most 4000 characters as JSON',
    ],
    ['too much text', `# ${'x'.repeat(70_000)}`, 'expected at most 65536 characters'],
  ])('of %s is refused', (_, text, problem) => {
    expect(readCalendar(text)).toMatchObject({ kind: 'invalid', problems: [expect.stringContaining(problem)] });
  });
});
