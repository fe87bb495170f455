import { describe, expect, test } from 'vitest';
import type { TaskContext } from '../../../core/tasks/task-context.ts';
import { notificationBody, notificationText } from '../../../core/tasks/notification-text.ts';
import { singleQuotes } from '../../../core/tasks/shell.ts';
import { mayRunFor, renderArgs, renderText } from '../../../core/tasks/task.ts';
import type { TextOptions } from '../../../core/tasks/task.ts';
import { anExperiment } from '../../support/builders.ts';

const experiment = anExperiment();
const { baseline, candidates } = experiment;
const [candidate = baseline] = candidates;
const context: TaskContext = {
  experiment,
  versions: [baseline, candidate],
  version: candidate,
  winner: candidate.name,
  stage: 'Finishing',
  completedIterations: 5,
  weights: { current: 0, candidate: 100 },
};

function rendered(text: string, options: Partial<TextOptions> = {}): unknown {
  const reading = renderText(text, context, { delimiters: 'both', hasSecret: true, ...options });
  return reading.kind === 'ok' ? reading.parts : reading.problem;
}

describe('a text of a task', () => {
  test.each([
    ['{{ .promote }}', 'candidate-values'],
    ['{{ .name }}', 'candidate'],
    ['{{ .this.metadata.name }} in {{ .this.metadata.namespace }}', 'canary in default'],
    ['{{ .this.status.versionRecommendedForPromotion }}', 'candidate'],
    ['{{ .this.spec.versionInfo.baseline.name }}', 'current'],
    ['@< .WinnerFound >@ @< .CandidateWon >@', 'true true'],
    ['@< .Name >@/@< .Spec.Target >@', 'canary/default/sample-app'],
    ['@< .promote >@', 'candidate-values'],
  ])('%s becomes %s', (text, expected) => {
    expect(rendered(text)).toEqual([expected]);
  });

  test.each([
    'a {{ .secret.token }} b',
    'a @< .Secret "token" >@ b',
    'a @< Secret "token" >@ b',
    'a {{ .secret.token }} b',
  ])('%s keeps the place of the secret, whatever its value', (text) => {
    expect(rendered(text)).toEqual(['a ', { secret: 'token' }, ' b']);
  });

  test.each([
    ['{{ .this.metadata.nam }}', 'is not there: metadata has name, namespace'],
    ['{{ .this.spec.versionInfo }}', 'is not a text, a number or a boolean'],
    ['@< .Spec.Colour >@', 'is not there: spec has target'],
    ['@< if .WinnerFound >@', 'is not a variable'],
    ['x {{ .promote', '{{ at character 3 is never closed'],
    ['{{ .other }}', 'is not among .name, .promote'],
  ])('%s is refused: %s', (text, problem) => {
    expect(rendered(text)).toContain(problem);
  });

  test('has secrets only where the task names one', () => {
    expect(rendered('{{ .secret.token }}', { hasSecret: false })).toContain('needs a `secret`');
  });

  test('leaves the other delimiters alone', () => {
    expect(rendered('{{ .Values.x }} @< .promote >@', { delimiters: 'iter8' })).toEqual([
      '{{ .Values.x }} candidate-values',
    ]);
    expect(rendered('@< .promote >@', { delimiters: 'go' })).toEqual(['@< .promote >@']);
  });
});

describe('a script', () => {
  const evil = { ...candidate, variables: { image: 'a; rm -rf /', url: 'https://x.example/a_b-1.2?c' } };

  test.each(['{{ .image }}', '{{ .url }}', '"{{ .image }}"'])(
    'takes no value that a shell would interpret: %s',
    (text) => {
      const reading = renderText(
        text,
        { ...context, version: evil },
        { delimiters: 'go', hasSecret: false, isScript: true },
      );
      expect(reading).toMatchObject({
        kind: 'invalid',
        problem: expect.stringContaining('a shell takes only letters'),
      });
    },
  );

  test('is also what a shell is given as a command', () => {
    const task = { kind: 'exec', command: '/bin/sh', args: ['-c', 'echo {{ .image }}'], interpolate: true } as const;
    expect(renderArgs(task, evil)).toMatchObject({ kind: 'invalid', problem: expect.stringContaining('args[1]') });
    expect(renderArgs({ ...task, command: 'echo' }, evil)).toMatchObject({ kind: 'ok' });
  });

  test.each([
    [`echo '`, true],
    [`echo "it's `, false],
    [`echo 'a' `, false],
    [`echo \\'`, false],
    [`# it's\necho `, false],
    [`echo 'a#b`, true],
    [`echo "a" 'b "`, true],
  ])('after %j a character is in single quotes: %s', (before, expected) => {
    expect(singleQuotes(`${before}X`)(before.length)).toBe(expected);
  });
});

test('a conditional task may run for whom its condition may hold', () => {
  const exec = { kind: 'exec', command: 'helm', args: [], interpolate: true } as const;
  const promotes = { ...exec, condition: { kind: 'call', name: 'CandidateWon' } } as const;
  const undecided = { ...exec, condition: { kind: 'not', of: { kind: 'call', name: 'WinnerFound' } } } as const;
  expect([exec, promotes, undecided].map((task) => mayRunFor(task, { isBaseline: false }))).toEqual([
    true,
    true,
    false,
  ]);
  expect([exec, promotes, undecided].map((task) => mayRunFor(task, { isBaseline: true }))).toEqual([true, false, true]);
});

describe('a notification', () => {
  test("has iter8's summary, then the experiment", () => {
    expect(JSON.parse(notificationBody(context))).toMatchObject({
      summary: {
        winnerFound: true,
        winner: 'candidate',
        versionRecommendedForPromotion: 'candidate',
        lastRecommendedWeights: [
          { name: 'current', value: 0 },
          { name: 'candidate', value: 100 },
        ],
      },
      experiment: { metadata: { name: 'canary', namespace: 'default' }, status: { stage: 'Finishing' } },
    });
  });

  test('for people names experiment, versions and winner', () => {
    expect(notificationText(context)).toBe(
      'Experiment default/canary: Finishing, 5 of 5 iterations\nVersions: current 0 %, candidate 100 %\nWinner: candidate',
    );
  });
});
