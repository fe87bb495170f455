import { expect, test } from 'vitest';
import type { Experiment } from '../../../../core/experiment/experiment.ts';
import { warnOfTimeouts } from '../../../../formats/manifest/checks/timeout-warnings.ts';

function upgrade(...args: readonly string[]): Pick<Experiment, 'finish' | 'taskLimitMs'> {
  const all = ['upgrade', 'app', 'https://example.com/app.tgz', ...args];
  return { taskLimitMs: 300_000, finish: [{ kind: 'exec', command: 'helm', args: all, interpolate: true }] };
}

test.each([
  ['--timeout=6m', 3],
  ['--timeout=1m --wait --timeout 5h0m1s', 5],
])('warns of a helm that may wait for longer than a task may run, at its flag: %s', (flags, word) => {
  const [warning, ...others] = warnOfTimeouts(upgrade(...flags.split(' ')));
  expect(warning?.path).toEqual(['spec', 'strategy', 'actions', 'finish', 0, 'with', 'args', word]);
  expect(warning?.expected).toBe(
    'a timeout of at most the 5 min that a task may run (serin.dev/task-limit), after which helm is stopped',
  );
  expect(others).toEqual([]);
});

test.each(['', '--timeout 5m', '--timeout 30m --timeout=1m'])('does not warn of %j', (flags) => {
  expect(warnOfTimeouts(upgrade(...flags.split(' ').filter((word) => word !== '')))).toEqual([]);
});
