import { describe, expect, test } from 'vitest';
import { Calendars } from '../../activities/calendar.ts';
import { failure } from '../../activities/failures.ts';
import type { Calendar } from '../../core/experiment/calendar.ts';

const always = (name: string, to = '2199-01-01T00:00'): Calendar['closed'][number] => {
  return { name, from: '2020-01-01T00:00', to, timeZone: 'UTC' };
};

/** Calendars of a namespace whose ConfigMap is what the function returns; the number of times that it was read. */
function calendarsOf(read: () => string | undefined) {
  const reads: string[] = [];
  const calendars = new Calendars(() => ({
    readConfigMap: async ({ namespace, name }) => {
      reads.push(`${namespace}/${name}`);
      const text = read();
      return text === undefined ? undefined : { data: { 'calendar.yaml': text } };
    },
  }));
  return { reads, ask: (calendar?: Calendar) => calendars.ask({ namespace: 'shop', ...(calendar && { calendar }) }) };
}

describe('the calendars of an experiment', () => {
  test('are none where neither the manifest nor the namespace has one', async () => {
    expect(await calendarsOf(() => undefined).ask()).toEqual({ hasCalendar: false });
  });

  test('are closed while any is, until the last of them opens', async () => {
    const { ask } = calendarsOf(() => 'closed: [{ name: stocktaking, from: 2020-01-01T00:00, to: 2198-01-01T00:00 }]');
    expect(await ask({ open: [], closed: [always('Christmas')] })).toEqual({
      hasCalendar: true,
      closed: { why: 'Christmas; stocktaking (ConfigMap shop/serin-calendar)', untilMs: Date.UTC(2199, 0, 1) },
    });
    const past = always('past', '2020-02-01T00:00');
    expect(await ask({ open: [], closed: [past] })).toMatchObject({ closed: { untilMs: Date.UTC(2198, 0, 1) } });
  });

  test('that nobody can read hold everything, and say why', async () => {
    expect(await calendarsOf(() => 'closed: Christmas').ask()).toEqual({
      hasCalendar: true,
      closed: { why: expect.stringMatching(/^ConfigMap shop\/serin-calendar: line 1: closed: expected /) },
    });
  });

  test('of a namespace that may not be read, or that does not answer yet, are none', async () => {
    for (const type of ['Forbidden', 'KubernetesUnavailable'] as const) {
      const { ask } = calendarsOf(() => {
        throw failure(type, { message: 'no' });
      });
      expect(await ask()).toEqual({ hasCalendar: false });
    }
  });

  test('of a namespace are read once for all experiments of half a minute', async () => {
    const { ask, reads } = calendarsOf(() => 'closed: [{ from: 2020-01-01T00:00, to: 2198-01-01T00:00 }]');
    await ask();
    await ask();
    expect(reads).toEqual(['shop/serin-calendar']);
  });
});
