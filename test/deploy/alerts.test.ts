import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { dump, load } from 'js-yaml';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { resolveTool } from '../../sandbox/tools/resolve.ts';
import { readChartFile } from './chart.ts';

const run = promisify(execFile);

interface Rule {
  readonly alert: string;
  readonly labels: object;
  readonly annotations: Readonly<Record<string, string>>;
}
interface Cases {
  readonly tests: readonly {
    readonly name: string;
    readonly alert_rule_test: readonly { readonly alertname: string; readonly exp_alerts: readonly object[] }[];
  }[];
}

// Files of this repository.
const rules = load(readChartFile('files/alerts.yaml')) as readonly Rule[];
const cases = load(await readFile('test/deploy/alerts.yaml', 'utf8')) as Cases;

let folder: string;
let promtool: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'serin-alerts-'));
  promtool = await resolveTool('promtool');
  // What people read of an alert has its labels in it; the cases are about when it fires.
  const bare = rules.map((rule) => ({ ...rule, annotations: {} }));
  await writeFile(join(folder, 'rules.yaml'), dump({ groups: [{ name: 'serin', rules: bare }] }));
});
afterAll(() => rm(folder, { recursive: true }));

test('every alert has a case in which it fires', () => {
  const fires = cases.tests.flatMap(({ alert_rule_test: some }) =>
    some.filter(({ exp_alerts: alerts }) => alerts.length > 0).map(({ alertname }) => alertname),
  );
  expect([...new Set(fires)].toSorted()).toEqual(rules.map(({ alert }) => alert).toSorted());
});

test.each(cases.tests.map((one) => [one.name, one] as const))("Prometheus' own tool: %s", async (_name, one) => {
  const file = join(folder, 'case.yaml');
  await writeFile(file, dump({ ...cases, rule_files: ['rules.yaml'], tests: [one] }));
  const { stdout } = await run(promtool, ['test', 'rules', file]);
  expect(stdout).toContain('SUCCESS');
});

test('what people read of an alert has no template but those of its labels', () => {
  const used = rules.flatMap(
    ({ annotations }) =>
      Object.values(annotations)
        .join(' ')
        .match(/\{\{.*?\}\}/g) ?? [],
  );
  expect([...new Set(used)].toSorted()).toEqual(['{{ $labels.reason }}', '{{ $labels.target }}']);
});
