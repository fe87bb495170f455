import { describe, expect, test } from 'vitest';
import { groupEntries, listEntries } from '../../ui/experiment/timeline-entries.ts';
import { readStates } from './recorded-states.ts';

function entriesOf(name: string) {
  const state = readStates().get(name);
  if (state?.record === undefined) throw new Error(`${name} has no record`);
  return listEntries(state.record, state.page.report);
}

describe('the timeline', () => {
  test('has every observation and every act, the latest first', () => {
    const state = readStates().get('promoted');
    const entries = entriesOf('promoted');
    const times = entries.map(({ atMs }) => atMs);
    expect(times).toEqual(times.toSorted((a, b) => b - a));
    expect(entries).toHaveLength((state?.record?.course.intervals.length ?? 0) + (state?.record?.acts.length ?? 0));
  });

  test('says who asked for what, and why', () => {
    expect(entriesOf('aborted')).toContainEqual(
      expect.objectContaining({ what: 'Abort by bob: support reports empty wish lists', tone: 'person' }),
    );
  });

  test('says what an interval changed, or that it fails', () => {
    const entries = entriesOf('rolled-back').map(({ what }) => what);
    expect(entries).toContain('Interval 1: 10 % → 20 %');
    expect(entries).toContain('Interval 7: fails at 50 %');
  });

  test('names each of several versions', () => {
    expect(entriesOf('many-versions').map(({ what }) => what)).toContain(
      'Interval 1: green stays at 5 %, amber fails at 5 %, violet stays at 5 %, teal stays at 5 %',
    );
  });

  test('says why nothing was measured', () => {
    expect(entriesOf('blind')[0]).toMatchObject({
      what: expect.stringMatching(/nothing measured$/),
      why: expect.stringContaining('ECONNREFUSED'),
    });
  });

  test('puts intervals in a row in which nothing changed together', () => {
    const groups = groupEntries(entriesOf('climbing'));
    expect(groups[0]?.length).toBeGreaterThan(10);
    expect(groups.flat()).toEqual(entriesOf('climbing'));
    expect(groups.filter((group) => group.length === 2)).toEqual([]);
  });
});
