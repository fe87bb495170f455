import { describe, expect, test } from 'vitest';
import { nameSelector, rangeSelector } from '../../../metrics/prometheus/selector.ts';

describe('rangeSelector', () => {
  test('selects by equal labels and by alternatives, for a range in whole milliseconds', () => {
    const matchers = [
      ['namespace_name', 'default'],
      ['revision_name', ['app-v1', 'app-v2']],
    ] as const;
    expect(rangeSelector('up', matchers, 12_400.2)).toBe(
      'up{namespace_name="default",revision_name=~"app-v1|app-v2"}[12401ms]',
    );
  });

  test('leaves out what has one of several values', () => {
    expect(rangeSelector('up', [['source_workload', { not: ['autoscaler', 'a.b'] }]], 1)).toBe(
      'up{source_workload!~"autoscaler|a\\\\.b"}[1ms]',
    );
  });

  test('quotes names with dots, as OpenTelemetry has them', () => {
    expect(rangeSelector('kn.serving', [['k8s.pod.name', 'a']], 1)).toBe(
      '{__name__="kn.serving","k8s.pod.name"="a"}[1ms]',
    );
    expect(nameSelector('kn.serving', '')).toBe('{__name__="kn.serving"}');
  });

  test('adds the matchers of the settings as they are', () => {
    expect(rangeSelector('up', [['a', 'b']], 1, 'cluster="prod",env=~"eu-.*"')).toBe(
      'up{a="b",cluster="prod",env=~"eu-.*"}[1ms]',
    );
    expect(nameSelector('up', 'cluster="prod"')).toBe('up{cluster="prod"}');
    expect(nameSelector('up', '')).toBe('up');
  });

  test('takes every value literally', () => {
    expect(rangeSelector('up', [['a', 'x"y\\']], 1)).toBe('up{a="x\\"y\\\\"}[1ms]');
    expect(rangeSelector('up', [['a', ['v1.2+(x)', 'q"']]], 1)).toBe('up{a=~"v1\\\\.2\\\\+\\\\(x\\\\)|q\\""}[1ms]');
  });
});
