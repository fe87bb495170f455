import { expect, test } from 'vitest';
import { details } from '../../../core/report/web-ui-details.ts';
import { aReport, anAssessment, anObjective, startedAtMs } from '../../support/reports.ts';

test('shows stage, traffic, objectives and iterations as Markdown', () => {
  const objectives = [anObjective('error-rate', 0.01, 'error-rate 0.000 <= limit 0.010, 300 requests')];
  const history = [
    { iteration: 4, atMs: startedAtMs, weightsBefore: [30], weightsAfter: [40], reason: 'climbs by 10 to 40 %' },
  ];
  const text = details(
    aReport({ assessment: anAssessment({ objectives }), history, warnings: ['spec.baseline: moved'] }),
  );
  expect(text).toBe(
    `
**Running**, 4 of 5 iterations

IterationUpdate: Completed Iteration 4

Target \`default/sample-app\`

- baseline current (\`sample-app-v1\`, \`gcr.io/knative-samples/knative-route-demo:blue\`): **60 %**
- candidate candidate (\`sample-app-v2\`, \`gcr.io/knative-samples/knative-route-demo:green\`): **40 %**
- why: climbs by 10 to 40 %

Objectives, for the candidate

- **pass** error-rate \\<= 0.010: error-rate 0.000 \\<= limit 0.010, 300 requests

Recent iterations

- 4: 30 % -> 40 %, climbs by 10 to 40 %

Warnings

- spec.baseline: moved`.trim(),
  );
});

test('says so when an undecided run goes on beyond its plan', () => {
  expect(details(aReport({ completedIterations: 7 }))).toMatch(/^\*\*Running\*\*, 7 iterations, 5 planned$/m);
});

test('begins with the outcome and its reason once there is one', () => {
  const text = details(aReport({ outcome: 'Aborted', reason: 'aborted by alice: checkout is broken' }));
  expect(text.split('\n')[0]).toBe('**Aborted**: aborted by alice: checkout is broken');
});

test("does not let people's words turn into markup", () => {
  const paused = { by: '*bob*', reason: '[click](http://x) <b>\nnow', atMs: startedAtMs };
  expect(details(aReport({ paused }))).toContain('by \\*bob\\*: \\[click\\](http://x) \\<b> now');
});

test('says nothing about versions before the manifest has been read', () => {
  expect(details(aReport({ name: '', iterations: 0, stage: 'Waiting' }))).not.toContain('Target');
});
