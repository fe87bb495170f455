import { describe, expect, test } from 'vitest';
import type { ExperimentView } from '../../client/temporal/experiments.ts';
import { bar } from '../../client/render/bar.ts';
import { formatColumns } from '../../client/render/columns.ts';
import { header, row, wideHeader, wideRow } from '../../client/render/listing.ts';
import { liveView } from '../../client/render/live-view.ts';
import { progressLine, timedProgressLine } from '../../client/render/progress-line.ts';
import { padEnd, padStart, paint, printable, truncate } from '../../client/render/text.ts';
import { terminalStyle } from '../../client/terminal/terminal.ts';
import type { Report } from '../../core/report/report.ts';
import { aReport, anAssessment, anObjective, startedAtMs } from '../support/reports.ts';
import { aView, emptyExecution } from './views.ts';
import { visible } from '../../client/terminal/visible.ts';

const plain = { color: false, unicode: false };
const colored = { color: true, unicode: true };
const large = { columns: 120, rows: 40 };

describe('text', () => {
  test('is cut to the cells that it fills', () => {
    expect(truncate('abcdef', 6)).toBe('abcdef');
    expect(truncate('abcdefg', 6)).toBe('abcd..');
    expect(truncate('日本語日本語', 6)).toBe('日本..');
  });

  test('keeps its styles balanced when it is cut', () => {
    expect(visible(truncate(`${paint('pass', 'green', colored)} because`, 8))).toBe('\u001B[32mpass\u001B[39m b..');
    expect(visible(truncate(paint('a long reason', 'green', colored), 8))).toBe('\u001B[32ma long..\u001B[39m');
  });

  test('is padded by what it shows', () => {
    expect(visible(padEnd(paint('ok', 'green', colored), 4))).toBe('\u001B[32mok\u001B[39m  ');
    expect(padStart('日', 4)).toBe('  日');
  });

  test('of others cannot steer the terminal', () => {
    expect(printable('a\u001B[2Jb\nc\td')).toBe('ab c d');
  });

  test('has no colour where colours are off', () => {
    expect(paint('ok', 'green', plain)).toBe('ok');
  });
});

describe('style', () => {
  const terminal = { isScreen: true, env: {} } as unknown as Parameters<typeof terminalStyle>[0];

  test.each([
    ['a screen has colours', {}, true, true],
    ['NO_COLOR is honoured', { NO_COLOR: '1' }, true, false],
    ['an empty NO_COLOR means nothing', { NO_COLOR: '' }, true, true],
    ['a dumb terminal has none', { TERM: 'dumb' }, true, false],
    ['a pipe has none', {}, false, false],
  ] as const)('%s', (_title, env, isScreen, color) => {
    expect(terminalStyle({ ...terminal, env, isScreen }).color).toBe(color);
  });

  test.each([
    [{ LANG: 'de_DE.UTF-8' }, true],
    [{ LANG: 'C.utf8' }, true],
    [{ LANG: 'en_US.UTF-8', LC_ALL: 'C' }, false],
    [{}, false],
  ])('the locale %j shows blocks: %s', (env, unicode) => {
    expect(terminalStyle({ ...terminal, env }).unicode).toBe(unicode);
  });
});

describe('bar', () => {
  test.each([
    [0, '----------'],
    [1, '#---------'],
    [45, '#####-----'],
    [99, '#########-'],
    [100, '##########'],
  ])('shows %i %% as %s', (percent, text) => {
    expect(bar(percent, 10, { style: plain, format: 'green' })).toBe(text);
  });

  test('uses blocks and colours where it may', () => {
    expect(visible(bar(50, 4, { style: colored, format: 'green' }))).toBe(
      '\u001B[32m██\u001B[39m\u001B[2m░░\u001B[22m',
    );
  });
});

describe('listing', () => {
  test("has the columns of the seed's kubectl listing", () => {
    const view = aView(
      aReport({ name: 'quickstart-exp', completedIterations: 11, message: 'IterationUpdate: Completed Iteration 11' }),
    );
    expect(formatColumns([header, row(view)])).toBe(
      `
NAME             TYPE     TARGET               STAGE     COMPLETED ITERATIONS   MESSAGE
quickstart-exp   Canary   default/sample-app   Running   11                     IterationUpdate: Completed Iteration 11
`.trim(),
    );
  });

  test('shows outcome, weight, state, age and workflow when it is wide', () => {
    const report = aReport({ paused: { atMs: startedAtMs }, suspect: true });
    const cells = wideRow(aView(report), startedAtMs + 90_000);
    expect(cells.slice(6)).toEqual(['-', '40 %', 'suspect,paused', '1 min 30 s', report.workflowId]);
    expect(cells).toHaveLength(wideHeader.length);
  });

  test('says what Temporal knows when the experiment does not answer', () => {
    const view: ExperimentView = { execution: emptyExecution, note: 'no worker answers on task queue serin' };
    expect(row(view)).toEqual(['canary', '-', '-', '-', '-', 'no worker answers on task queue serin']);
  });

  test('shows a note in the place of the message', () => {
    expect(row({ ...aView(aReport()), note: 'the workflow was terminated' }).at(-1)).toBe(
      'the workflow was terminated',
    );
  });
});

function lines(report: Report, note?: string): string {
  const model = { report, nowMs: startedAtMs + 50_100, ...(note === undefined ? {} : { note }) };
  return liveView(model, plain, large).join('\n');
}

describe('live view', () => {
  test('shows stage, weights, objectives, iterations and the next observation', () => {
    const objectives = [
      anObjective('mean-latency', 50, 'mean-latency 1.3 ms <= limit 50.0 ms, 300 requests'),
      anObjective('error-rate', 0.01, '40 of 100 requests, suspect: error-rate 0.050 > limit 0.010', {
        candidate: 'undecided',
        suspect: true,
      }),
    ];
    const history = [
      {
        iteration: 3,
        atMs: startedAtMs + 36_000,
        weightsBefore: [20],
        weightsAfter: [30],
        requests: [80],
        reason: 'climbs 20 -> 30',
      },
      {
        iteration: 3,
        atMs: startedAtMs + 48_000,
        weightsBefore: [30],
        weightsAfter: [30],
        reason: 'blind, weight held: connection refused',
      },
    ];
    const report = aReport({
      assessment: anAssessment({ objectives }),
      history,
      warnings: ['spec.baseline: moved'],
      suspect: true,
    });
    expect(lines(report)).toBe(
      `
canary-progressive  default/sample-app  Running  4 of 5 iterations
IterationUpdate: Completed Iteration 4

current    sample-app-v1  ########################----------------   60 %
candidate  sample-app-v2  ################------------------------   40 %
climbs by 10 to 40 %

suspect 40 of 100 requests, suspect: error-rate 0.050 > limit 0.010
next observation in 10 s

OBJECTIVE                CURRENT   CANDIDATE   VERDICT              WHY
mean-latency <= 50.000   1.273     1.349       pass                 mean-latency 1.3 ms <= limit 50.0 ms, 300 requests
error-rate <= 0.010      0.000     0.000       undecided, suspect   40 of 100 requests, suspect: error-rate 0.050 > li..

request-count: current 609.167, candidate 75.680
95th-percentile-tail-latency (milliseconds): current 4.784, candidate 4.750

ITERATION   TIME (UTC)   CANDIDATE      REQUESTS      WHY
3           10:00:48     30 %           unavailable   blind, weight held: connection refused
3           10:00:36     20 % -> 30 %   80            climbs 20 -> 30

warning spec.baseline: moved`.trim(),
    );
  });

  test('ends with the outcome and its reason', () => {
    const report = aReport({
      stage: 'Completed',
      outcome: 'RolledBack',
      reason: 'failed: error-rate 0.031 > limit 0.010, 4120 requests',
      timeToSafeMs: 300,
      paused: { atMs: startedAtMs },
    });
    expect(lines(report)).toContain(
      '\nRolledBack: failed: error-rate 0.031 > limit 0.010, 4120 requests\n100 % baseline written after 0.3 s\n',
    );
    expect(lines(report)).not.toContain('next observation');
    expect(lines(report)).not.toContain('paused');
  });

  test('says when the cluster has not confirmed the weights', () => {
    const report = aReport({ weights: { baseline: 60, candidates: [40], confirmed: false } });
    expect(lines(report)).toContain('40 %  not confirmed by the cluster yet\n');
  });

  test('shows no traffic before the first step, and no countdown in the past', () => {
    const { startedAtMs: _, ...report } = aReport({ nextAtMs: startedAtMs });
    expect(lines(report)).not.toContain('60 %');
    expect(lines(report)).toContain('\nobserving\n');
  });

  test('shows what stands between the viewer and the experiment', () => {
    expect(lines(aReport(), 'no worker answers on task queue serin')).toContain(
      '\nno worker answers on task queue serin\n',
    );
  });

  test('has as many lines as a note and the reason of the end need, of a long reason the beginning and the end', () => {
    const note = 'its workflow task fails: the history does not fit; run workers of the right version, or abort';
    const size = { columns: 40, rows: 60 };
    const view = liveView({ report: aReport(), nowMs: startedAtMs, note }, plain, size);
    expect(view.join(' ')).toContain(note);
    const reason = `${'a problem of many words '.repeat(50)}to mend it: \`helm upgrade\``;
    const ended = aReport({ stage: 'Completed', outcome: 'Failed', reason });
    const end = liveView({ report: ended, nowMs: startedAtMs }, plain, size).join(' ');
    expect(end).toContain('Failed: a problem of many words');
    expect(end).toContain(' .. ');
    expect(end).toContain('to mend it: `helm upgrade`');
  });

  test('fits the terminal', () => {
    const history = Array.from({ length: 30 }, (_, index) => ({
      iteration: index,
      atMs: startedAtMs,
      weightsBefore: [1],
      weightsAfter: [2],
      reason: 'a reason that is far too long '.repeat(5),
    }));
    const view = liveView({ report: aReport({ history }), nowMs: startedAtMs }, plain, { columns: 60, rows: 12 });
    expect(view).toHaveLength(12);
    expect(Math.max(...view.map((line) => line.length))).toBeLessThanOrEqual(60);
  });
});

describe('progress line', () => {
  test('says everything that changes in one line', () => {
    const report = aReport({ paused: { by: 'bob', atMs: startedAtMs } });
    expect(timedProgressLine({ report, nowMs: startedAtMs })).toBe(
      '10:00:00  Running  4/5  candidate 40 %  [paused at 2026-11-23 10:00:00 UTC by bob]  IterationUpdate: Completed Iteration 4',
    );
  });

  test('ends with the outcome and its reason', () => {
    const retrying = { activity: 'preflight', failedAttempts: 3, reason: 'Prometheus does not answer' };
    const line = progressLine({ report: aReport({ retrying }) });
    expect(line).toContain('[retrying preflight: Prometheus does not answer]');
    // The line changes with what is wrong, not with every attempt.
    expect(progressLine({ report: aReport({ retrying: { ...retrying, failedAttempts: 4 } }) })).toBe(line);
    expect(progressLine({ report: aReport({ outcome: 'Promoted', reason: 'all objectives pass' }) })).toBe(
      'Promoted  4/5  candidate 40 %  all objectives pass',
    );
  });
});
