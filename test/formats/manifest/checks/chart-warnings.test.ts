import { expect, test } from 'vitest';
import type { Task } from '../../../../core/experiment/experiment.ts';
import { warnOfCharts } from '../../../../formats/manifest/checks/chart-warnings.ts';

function finish(...args: string[]): { finish: Task[] } {
  return { finish: [{ kind: 'init-experiment' }, { kind: 'exec', command: 'helm', args, interpolate: true }] };
}

test('warns of a chart URL that does not end as an archive, at its argument', () => {
  expect(warnOfCharts(finish('upgrade', 'app', '--install', 'https://example.com/charts/app'))).toEqual([
    {
      path: ['spec', 'strategy', 'actions', 'finish', 1, 'with', 'args', 3],
      atKey: false,
      expected: 'a chart archive (.tgz), or --repo with a name',
      got: '"https://example.com/charts/app"',
    },
  ]);
});

test.each([
  ['an archive', ['https://example.com/app-0.1.0.tgz']],
  ['an archive with a query', ['https://example.com/app.tar.gz?token=1']],
  ['a name in a repository', ['app', '--repo', 'https://example.com/charts']],
  ['an OCI reference', ['oci://example.com/charts/app']],
  ['a URL that ends in a template', ['https://example.com/{{ .chart }}']],
])('does not warn of %s', (_, args) => {
  expect(warnOfCharts(finish('upgrade', 'app', ...args))).toEqual([]);
});

test('does not warn of other commands', () => {
  const args = ['upgrade', 'app', 'https://example.com/app'];
  expect(warnOfCharts({ finish: [{ kind: 'exec', command: 'kubectl', args, interpolate: true }] })).toEqual([]);
});
