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

  test('of a namespace that may not be read are none', async () => {
    const { ask } = calendarsOf(() => {
      throw failure('Forbidden', { message: 'no' });
    });
    expect(await ask()).toEqual({ hasCalendar: false });
  });

  test('of a namespace that does not answer hold everything, and are asked anew', async () => {
    let isAway = true;
    const { ask } = calendarsOf(() => {
      if (isAway) throw failure('KubernetesUnavailable', { message: 'no answer' });
      return undefined;
    });
    expect(await ask()).toEqual({
      hasCalendar: true,
      closed: { why: 'ConfigMap shop/serin-calendar cannot be read: no answer' },
    });
    isAway = false;
    expect(await ask()).toEqual({ hasCalendar: false });
  });

  test('whose rules take long answer within seconds: an observation waits for them', { timeout: 30_000 }, async () => {
    const days = Array.from({ length: 20 }, (_, day) => ({
      name: `d${day}`,
      from: `2020-01-${String(day + 1).padStart(2, '0')}T00:00`,
      to: `2020-01-${String(day + 1).padStart(2, '0')}T23:00`,
      timeZone: 'UTC',
      repeat: 'FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU',
    }));
    const startedAt = performance.now();
    expect(await calendarsOf(() => undefined).ask({ open: [], closed: days })).toMatchObject({ hasCalendar: true });
    expect(performance.now() - startedAt).toBeLessThan(20_000);
  });

  test('of a namespace are read once for all experiments of half a minute', async () => {
    const { ask, reads } = calendarsOf(() => 'closed: [{ from: 2020-01-01T00:00, to: 2198-01-01T00:00 }]');
    await ask();
    await ask();
    expect(reads).toEqual(['shop/serin-calendar']);
  });
});
