import { describe, expect, test } from 'vitest';
import { rangeSelector } from '../../../metrics/prometheus/selector.ts';

describe('rangeSelector', () => {
  test('selects by equal labels and by alternatives, for a range in whole milliseconds', () => {
    const matchers = [
      ['namespace_name', 'default'],
      ['revision_name', ['app-v1', 'app-v2']],
    ] as const;
    expect(rangeSelector(matchers, 12_400.2)).toBe(
      '{namespace_name="default",revision_name=~"app-v1|app-v2"}[12401ms]',
    );
  });

  test('leaves out what has one of several values', () => {
    expect(rangeSelector([['source_workload', { not: ['autoscaler', 'a.b'] }]], 1)).toBe(
      '{source_workload!~"autoscaler|a\\\\.b"}[1ms]',
    );
  });

  test('takes every value literally', () => {
    expect(rangeSelector([['a', 'x"y\\']], 1)).toBe('{a="x\\"y\\\\"}[1ms]');
    expect(rangeSelector([['a', ['v1.2+(x)', 'q"']]], 1)).toBe('{a=~"v1\\\\.2\\\\+\\\\(x\\\\)|q\\""}[1ms]');
  });
});
