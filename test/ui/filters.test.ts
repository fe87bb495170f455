import { describe, expect, test } from 'vitest';
import type { ListedExperiment } from '../../server/api.ts';
import { chooseExperiments, formatFilters, readFilters } from '../../ui/list/filters.ts';

const none = readFilters('');

function listed(name: string, changes: Partial<ListedExperiment> = {}): ListedExperiment {
  const target = `shop/${name}`;
  return {
    workflowId: `experiment/${target}`,
    runId: name,
    isClosed: false,
    startedAtMs: 1,
    weights: [],
    target,
    name: target,
    ...changes,
  };
}

const names = (experiments: readonly ListedExperiment[]): readonly string[] => experiments.map(({ runId }) => runId);

describe('the filters of the list', () => {
  test('stand in the address, without those that filter nothing', () => {
    const filters = { text: 'cart & co', namespace: 'shop', stage: 'Running', outcome: '', needsMe: true };
    expect(readFilters(formatFilters(filters))).toEqual(filters);
    expect(formatFilters(none)).toBe('');
    expect(formatFilters({ ...none, needsMe: true })).toBe('?needsMe');
  });

  test.each<[string, Partial<typeof none>, readonly string[]]>([
    ['a part of a name, whatever its case', { text: 'CAR' }, ['cart']],
    ['a namespace', { namespace: 'bank' }, ['loans']],
    ['a stage', { stage: 'Waiting' }, ['loans']],
    ['an outcome', { outcome: 'Promoted' }, ['prices']],
    ['what needs a person', { needsMe: true }, ['stock']],
    ['several of them together', { text: 'o', namespace: 'shop', needsMe: true }, ['stock']],
  ])('choose by %s', (_what, filters, expected) => {
    const all = [
      listed('cart'),
      listed('loans', { target: 'bank/loans', name: 'bank/loans', workflowId: 'loans', stage: 'Waiting' }),
      listed('prices', { outcome: 'Promoted', isClosed: true }),
      listed('stock', { attention: 'approval' }),
    ];
    expect(names(chooseExperiments(all, { ...none, ...filters }))).toEqual(expected);
  });

  test('show what needs a person first, then what runs, then what has ended, each the newest first', () => {
    const all = [
      listed('ended', { isClosed: true, outcome: 'Promoted', startedAtMs: 9, closedAtMs: 10 }),
      listed('ended-later', { isClosed: true, outcome: 'Failed', startedAtMs: 1, closedAtMs: 11 }),
      listed('runs'),
      listed('runs-newer', { startedAtMs: 5 }),
      listed('paused', { attention: 'paused' }),
      listed('gate', { attention: 'approval' }),
      listed('stuck', { attention: 'stuck' }),
    ];
    expect(names(chooseExperiments(all, none))).toEqual([
      'stuck',
      'gate',
      'paused',
      'runs-newer',
      'runs',
      'ended-later',
      'ended',
    ]);
  });
});
