import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findProviderIssues } from '../../metrics/provider-issues.ts';
import { failureTypes } from '../../core/failures.ts';
import { formatIssue } from '../../formats/document/issue.ts';
import { nativeManifest } from '../../formats/manifest/serin/schema.ts';
import { parseMetrics } from '../../formats/metrics/metric.ts';
import { parseExperiment, parseExperimentObject } from '../../formats/manifest/parse.ts';
import type { ExperimentReading } from '../../formats/manifest/parse.ts';
import { readWorkerConfig } from '../../formats/worker/read-settings.ts';
import { searchAttributes } from '../../contract/messages.ts';
import { rooms } from '../../lint/rooms.ts';

const root = join(import.meta.dirname, '../..');
const pages = globSync('**/*.md', { cwd: root, exclude: (path) => path.includes('node_modules') });

/** Folders of sources. */
const folders = [...new Set(Object.keys(rooms).map((room) => room.split('/')[0] ?? room))];

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** The first cell's code of each row of the tables in a page: `` | `name` | … ``. */
function namedRows(page: string, pattern: RegExp): readonly string[] {
  const names = [...read(page).matchAll(/^\| `([^`]+)`/gm)].map(([, name]) => name ?? '');
  return names.filter((name) => pattern.test(name));
}

/** The cells of the row that begins with this name. */
function readRow(page: string, name: string): readonly string[] {
  const line = read(page)
    .split('\n')
    .find((row) => row.startsWith(`| \`${name}\``));
  return (line ?? '').split('|').map((cell) => cell.trim().replaceAll('`', ''));
}

/** A page without its blocks of code, in which nothing is a link or a heading. */
function readProse(page: string): string {
  return read(page).replaceAll(/^ *```[^]*?^ *```/gm, '');
}

function leadsSomewhere(page: string, path: string, anchor: string | undefined): boolean {
  const target = path === '' ? page : join(dirname(page), path);
  if (!existsSync(join(root, target))) return false;
  return anchor === undefined || readAnchors(target).includes(anchor);
}

/** The anchors that GitHub gives to the headings of a page. */
function readAnchors(page: string): readonly string[] {
  const headings = [...readProse(page).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading ?? '');
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  );
}

describe.each(pages)('%s', (page) => {
  test('links to files and headings that exist', () => {
    const links = [...readProse(page).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)];
    const missing = links.filter(([, path = '', anchor]) => !leadsSomewhere(page, path, anchor));
    expect(missing.map(([link]) => link)).toEqual([]);
  });

  test('names files of the sources that exist', () => {
    const pattern = new RegExp(`\`((?:${folders.join('|')})/[\\w/.-]+\\.ts)\``, 'g');
    const named = [...read(page).matchAll(pattern)].map(([, file]) => file ?? '');
    expect(named.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  });

  test('names npm scripts that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Readonly<Record<string, string>> };
    const used = [...read(page).matchAll(/npm run ([\w:]+)/g)].map(([, script]) => script ?? '');
    expect(used.filter((script) => !(script in scripts))).toEqual([]);
  });
});

describe('docs/architecture.md', () => {
  test('lists every type of failure, and whether it is retried', () => {
    for (const [type, { isRetryable, when }] of Object.entries(failureTypes)) {
      expect(readRow('docs/architecture.md', type).slice(1, -1)).toEqual([
        type,
        isRetryable ? 'retried' : 'final',
        when,
      ]);
    }
  });

  test('says in which file each question is decided', () => {
    expect([...read('docs/architecture.md').matchAll(/^\|.*`core\/[\w/.-]+\.ts`/gm)].length).toBeGreaterThan(10);
  });

  test('says what every folder of sources is', () => {
    const [, drawing = ''] = /## Folders[^]*?```\n([^]*?)```/.exec(read('docs/architecture.md')) ?? [];
    const described = [...drawing.matchAll(/^(\w+)\/ /gm)].map(([, folder]) => folder);
    expect(described).toEqual(expect.arrayContaining(folders));
  });
});

describe('docs/survival.md', () => {
  test("names for each of the peers' wounds a test that bears its number", () => {
    const rows = [...read('docs/survival.md').matchAll(/^\| (T\d+) +\|.*`(test\/[\w/.-]+\.test\.ts)` *\|$/gm)];
    expect(rows.length).toBeGreaterThan(10);
    const unmarked = rows.filter(([, number, file]) => !read(file ?? '').includes(`(${number})`));
    expect(unmarked.map(([, number]) => number)).toEqual([]);
  });
});

function readManifest(annotations: Readonly<Record<string, string>>): ExperimentReading {
  const versionInfo = { baseline: { name: 'v1' }, candidates: [{ name: 'v2' }] };
  const spec = { target: 'default/app', strategy: { testingPattern: 'Canary' }, versionInfo };
  const metadata = { name: 'app', annotations };
  return parseExperimentObject({ apiVersion: 'iter8.tools/v2alpha2', kind: 'Experiment', metadata, spec }, 'manifest');
}

describe('docs/manifest-iter8.md', () => {
  const listed = namedRows('docs/manifest-iter8.md', /^serin\.dev\//);

  test('lists exactly the annotations that are read', () => {
    const refusal = readManifest({ 'serin.dev/nonsense': 'x' });
    const expected = refusal.kind === 'invalid' ? refusal.issues.map((issue) => issue.expected) : [];
    expect(expected).toEqual([expect.stringMatching(/^one of /)]);
    expect(listed.toSorted()).toEqual(expected.join().replace('one of ', '').split(', ').toSorted());
  });

  test('says the defaults that the annotations have', () => {
    expect(readManifest(statedIn(2))).toEqual(readManifest({}));
  });

  test('says the defaults that the sequential analysis has', () => {
    const analysed = listed.filter((name) => readRow('docs/manifest-iter8.md', name).length > 5);
    expect(analysed).toContain('serin.dev/dispersion');
    expect(readManifest(statedIn(3, analysed))).toEqual(readManifest({ 'serin.dev/analysis': 'sequential' }));
  });

  function statedIn(column: number, names = listed): Readonly<Record<string, string>> {
    const cells = names.map((name) => [name, readRow('docs/manifest-iter8.md', name)[column] ?? '']);
    return Object.fromEntries(cells.filter(([, value]) => value !== 'none'));
  }

  test('has an example that is accepted', () => {
    const [, example = ''] = /```yaml\n([^]*?)```/.exec(read('docs/manifest-iter8.md')) ?? [];
    expect(parseExperiment(example, 'manifest.md')).toMatchObject({ kind: 'ok', warnings: [] });
  });
});

describe('docs/manifest-serin.md', () => {
  const text = read('docs/manifest-serin.md');

  test('has examples that are accepted', () => {
    const examples = [...text.matchAll(/```yaml\n(apiVersion[^]*?)```/g)].map(([, example = '']) => example);
    expect(examples).toHaveLength(2);
    for (const example of examples) expect(parseExperiment(example, 'manifest.md')).toMatchObject({ kind: 'ok' });
  });

  test('names every field of the spec', () => {
    for (const field of Object.keys(nativeManifest.shape.spec.shape))
      expect(text).toMatch(new RegExp(`^\\|.*\`${field}\\b`, 'm'));
  });
});

test('the metrics in docs/metrics.md are accepted', async () => {
  const examples = [...read('docs/metrics.md').matchAll(/```yaml\n([^]*?)```/g)].map(([, example = '']) => example);
  const reading = parseMetrics(examples.join('---\n'), { file: 'metrics.md', namespace: 'default' });
  if (reading.kind === 'invalid') return expect.fail(reading.issues.map(formatIssue).join('\n'));
  expect(reading.metrics).toHaveLength(2);
  expect(await findProviderIssues(reading.metrics)).toEqual([]);
});

describe('docs/worker-settings.md', () => {
  const listed = namedRows('docs/worker-settings.md', /^SERIN_/);
  const readConfig = (environment: Readonly<Record<string, string>>, file = ''): ReturnType<typeof readWorkerConfig> =>
    readWorkerConfig(environment, () => Buffer.from(file));

  test('lists exactly the variables of a worker', () => {
    const reading = readConfig({ SERIN_NONSENSE: 'x' });
    const problems = reading.kind === 'problems' ? reading.problems : [];
    const [, known = ''] = /expected one of (.*), got/.exec(problems.join()) ?? [];
    expect(listed.toSorted()).toEqual(known.split(', ').toSorted());
  });

  test('says the defaults that they have, and their names in the file', () => {
    const rows = listed.map((name) => readRow('docs/worker-settings.md', name));
    const stated = rows.filter(([, , key, value]) => key !== '' && value !== '');
    expect(stated.length).toBeGreaterThan(5);
    expect(readConfig(Object.fromEntries(stated.map(([, name, , value]) => [name, value ?? ''])))).toEqual(
      readConfig({}),
    );
    const file = JSON.stringify(Object.fromEntries(stated.map(([, , key, value]) => [key, value])));
    expect(readConfig({ SERIN_CONFIG: 'worker.json' }, file)).toEqual(readConfig({}));
  });
});

describe.each(['README.md', 'docs/operations.md'])('%s', (page) => {
  test('registers every search attribute with its type', () => {
    const registered = [...read(page).matchAll(/--name (\w+) --type (\w+)/g)].map(([, name, type]) => [
      name,
      type?.toUpperCase(),
    ]);
    expect(registered).toEqual(searchAttributes.map(({ name, type }) => [name, type]));
  });
});

test('every record of a decision has status, date, context, decision and consequences, and a number of its own', () => {
  const records = pages.filter((page) => /^docs\/decisions\/\d/.test(page));
  const numbers = records
    .map((record) => Number(relative('docs/decisions', record).slice(0, 4)))
    .toSorted((a, b) => a - b);
  expect(numbers).toEqual(records.map((_, index) => index + 1));
  for (const record of records) {
    expect(read(record), record).toMatch(
      /^# \d+\. .*\n\n- Status: (?:accepted|superseded) ?[^]*?\n- Date: \d{4}-\d\d-\d\d\n\n\*\*Context\.\*\*[^]*\n\n\*\*Decision\.\*\*[^]*\n\n\*\*Consequences\.\*\*/,
    );
  }
});
