import { z } from 'zod';
import type { Calendar, Period } from '../../core/experiment/calendar.ts';
import { defined } from '../../core/text/defined.ts';
import { limits } from '../../core/text/limits.ts';
import { mappingField, parsed, refuse } from '../document/fields.ts';
import { showValue } from '../document/issue.ts';
import { readSingleDocument } from '../document/single-document.ts';

const localTime = /^(20|21)\d\d-\d\d-\d\dT\d\d:\d\d(:\d\d)?$/;

const timeField = parsed(
  'a time without its zone, such as 2026-12-18T17:00',
  (value) => (typeof value === 'string' && localTime.test(value) && isTime(value) ? value : undefined),
  { type: 'string', pattern: localTime.source },
);

/** Whether there is such a day and such a time of it. */
function isTime(text: string): boolean {
  const time = new Date(`${text}Z`);
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(text);
}

const zoneField = parsed(
  'the name of a time zone, such as Europe/Berlin or UTC',
  (value) => (typeof value === 'string' && isTimeZone(value) ? value : undefined),
  { type: 'string', minLength: 1 },
);

/** Whether the time zone database has the name; offsets such as +01:00 have no summer time and are refused. */
function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }) instanceof Intl.DateTimeFormat;
  } catch {
    return false;
  }
}

const day = '(MO|TU|WE|TH|FR|SA|SU)';
const listOf = (item: string): string => `${item}(,${item})*`;
const signed = (number: string): string => listOf(`[-+]?${number}`);

/** The parts of a rule. The time of day is that of `from`, so that no rule recurs more than once a day. */
const ruleParts: Readonly<Record<string, string>> = {
  FREQ: '(DAILY|WEEKLY|MONTHLY|YEARLY)',
  INTERVAL: '[1-9]\\d{0,3}',
  COUNT: '[1-9]\\d{0,4}',
  UNTIL: '\\d{8}(T\\d{6}Z)?',
  BYDAY: listOf(`([-+]?\\d{1,2})?${day}`),
  BYMONTH: listOf('(1[0-2]|[1-9])'),
  BYMONTHDAY: signed('(3[01]|[12]\\d|[1-9])'),
  BYYEARDAY: signed('[1-9]\\d{0,2}'),
  BYWEEKNO: signed('[1-9]\\d?'),
  BYSETPOS: signed('[1-9]\\d{0,2}'),
  WKST: day,
};

/** Whether the text is such a rule, each part once. */
function isRule(text: string): boolean {
  const parts = text.split(';').map((part) => part.split('='));
  const names = new Set(parts.map(([name]) => name));
  return (
    names.size === parts.length &&
    names.has('FREQ') &&
    parts.every(([name = '', value = '', ...rest]) => {
      const pattern = Object.hasOwn(ruleParts, name) ? ruleParts[name] : undefined;
      return pattern !== undefined && rest.length === 0 && new RegExp(`^${pattern}$`).test(value);
    })
  );
}

const ruleField = parsed(
  'a rule of RFC 5545 by days, weeks, months or years, such as FREQ=WEEKLY;BYDAY=MO,TU',
  (value) => {
    const text = typeof value === 'string' ? value.replace(/^RRULE:/, '') : '';
    return text.length <= limits.calendarRule && isRule(text) ? text : undefined;
  },
  { type: 'string', maxLength: limits.calendarRule },
);

const nameField = parsed(
  `text of at most ${limits.calendarName} characters`,
  (value) => (typeof value === 'string' && value !== '' && value.length <= limits.calendarName ? value : undefined),
  { type: 'string', minLength: 1, maxLength: limits.calendarName },
);

const periodField = mappingField({
  name: nameField.optional(),
  from: timeField,
  to: timeField,
  timeZone: zoneField.optional(),
  repeat: ruleField.optional(),
  except: z.array(timeField).optional(),
});

type Given = z.output<typeof periodField>;

const periodsField = z.array(periodField);

/** A calendar as it is written in manifests and ConfigMaps. */
export const calendarField = mappingField({
  timeZone: zoneField.optional(),
  open: periodsField.optional(),
  closed: periodsField.optional(),
}).transform(({ timeZone = 'UTC', open = [], closed = [] }, context): Calendar => {
  if (open.length + closed.length === 0) {
    refuse(context, [], { expected: 'a period in open or in closed', got: 'none' });
    return z.NEVER;
  }
  const made = (list: 'open' | 'closed', given: readonly Given[]): readonly Period[] =>
    given.map((one, index) => makePeriod(one, { timeZone, path: [list, index], context }));
  const calendar = { open: made('open', open), closed: made('closed', closed) };
  const { length } = JSON.stringify(calendar);
  if (length > limits.calendarJson)
    refuse(context, [], { expected: `at most ${limits.calendarJson} characters as JSON`, got: String(length) });
  return calendar;
});

interface Place {
  readonly timeZone: string;
  readonly path: readonly (string | number)[];
  readonly context: z.RefinementCtx;
}

function makePeriod({ name, from, to, repeat, except, ...given }: Given, { timeZone, path, context }: Place): Period {
  const period = { from, to, timeZone: given.timeZone ?? timeZone, ...defined({ name, repeat, except }) };
  if (to <= from) refuse(context, [...path, 'to'], { expected: `a time after ${from}`, got: showValue(to) });
  else if (except !== undefined && repeat === undefined)
    refuse(context, [...path, 'except'], { expected: 'it beside repeat only', got: 'no repeat' });
  return period;
}

export type CalendarReading =
  | { readonly kind: 'read'; readonly calendar: Calendar }
  | { readonly kind: 'invalid'; readonly problems: readonly string[] };

/** Reads a calendar that stands by itself, in YAML or JSON. */
export function readCalendar(text: string): CalendarReading {
  const options = { characters: limits.calendarCharacters, showsValues: true };
  const reading = readSingleDocument(text, calendarField, options);
  return reading.kind === 'read' ? { kind: 'read', calendar: reading.value } : reading;
}
