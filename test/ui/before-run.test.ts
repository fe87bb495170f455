import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { simulate } from '../../core/offline/simulate.ts';
import { summarize } from '../../core/offline/summarize.ts';
import { buildInput, findObstacle } from '../../ui/manifest/simulation.ts';
import { findOffset, readText } from '../../ui/manifest/read-text.ts';
import { anExperiment } from '../support/builders.ts';
import { runSerin } from '../client/serin-environment.ts';

const sample = readFileSync(new URL('../../samples/quickstart/experiment.yaml', import.meta.url), 'utf8').replaceAll(
  'SAMPLES_URL',
  'https://samples.example.com',
);

describe('a manifest that was pasted', () => {
  test('is read as serin lint reads it', async () => {
    const broken = sample.replace('intervalSeconds', 'intervalSecond');
    const { issues } = readText(broken);
    const { stdout } = await runSerin(['lint', '-f', '-'], { input: broken });
    expect(issues.length).toBeGreaterThan(0);
    for (const { line, column, path, expected } of issues) {
      expect(stdout).toContain(`:${line}:${column} ${path}: expected ${expected}`);
    }
  });

  test('that is in order has experiments', () => {
    const { issues, experiments } = readText(sample);
    expect([issues, experiments.length]).toEqual([[], 1]);
  });

  test('says where an issue is', () => {
    expect(findOffset('ab\ncd\nef', { line: 2, column: 2 })).toBe(4);
    expect(findOffset('ab', { line: 9, column: 9 })).toBe(2);
  });
});

describe('a simulation on the page', () => {
  const experiment = anExperiment({ iterations: 5 });
  const traffic = { requestsPerSecond: 100, baselineErrorRate: 0.001, candidateTailMs: 30, baselineTailMs: 30 };

  test.each([
    ['promotes a good candidate', 0.001, 'promoted'],
    ['rolls a bad one back', 0.2, 'rolledBack'],
  ] as const)('%s', (_what, candidateErrorRate, outcome) => {
    const input = buildInput(experiment, { ...traffic, candidateErrorRate });
    const runs = Array.from({ length: 20 }, () => simulate(input));
    expect(summarize(runs, experiment)[outcome]).toBe(100);
  });

  test('says why there is none', () => {
    expect(findObstacle(experiment)).toBeUndefined();
    expect(findObstacle(anExperiment({ testingPattern: 'Conformance', candidates: [], finish: [] }))).toContain(
      'conformance',
    );
  });
});
