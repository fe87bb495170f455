import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { readChartTexts } from '../../formats/chart-archive.ts';

const place = mkdtempSync(join(tmpdir(), 'serin-archive-'));
afterAll(() => rmSync(place, { recursive: true }));
let archives = 0;

/** The archive of a chart's folder as `tar` writes it. */
function pack(format: string, files: Readonly<Record<string, string | Buffer>>): Buffer {
  archives += 1;
  const root = join(place, String(archives));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), content);
  }
  return execFileSync('tar', ['-c', '-z', `--format=${format}`, '-C', root, ...new Set(Object.keys(files).map(first))]);
}

function first(name: string): string {
  return name.split('/')[0] ?? '';
}

const long = `app/templates/${'long/'.repeat(30)}${'name'.repeat(30)}.yaml`;

test.each(['pax', 'gnu'])('reads templates and default values as tar packs them, in the format %s', (format) => {
  const inner = pack(format, { 'inner/templates/b.yaml': 'b', 'inner/Chart.yaml': 'name: inner' });
  const texts = readChartTexts(
    pack(format, {
      'app/Chart.yaml': 'name: app',
      'app/values.yaml': 'a: 1',
      'app/templates/a.yaml': 'a'.repeat(1000),
      [long]: 'long',
      'app/charts/sub/templates/_helpers.tpl': 'sub',
      'app/charts/inner-1.2.3.tgz': inner,
    }),
  );
  expect(Object.fromEntries(texts.map(({ name, text }) => [name, text]))).toEqual({
    'values.yaml': 'a: 1',
    'templates/a.yaml': 'a'.repeat(1000),
    [long.slice('app/'.length)]: 'long',
    'charts/sub/templates/_helpers.tpl': 'sub',
    'charts/inner/templates/b.yaml': 'b',
  });
});

test('reads nothing from what is no archive', () => {
  expect(readChartTexts(Buffer.from('no archive'))).toEqual([]);
  expect(readChartTexts(gzipSync('no tar'.repeat(1000)))).toEqual([]);
});

test('unpacks no more than a chart may have, archives in archives in all', () => {
  const bomb = pack('pax', { 'bomb/templates/a.yaml': Buffer.alloc(40 * 1024 * 1024, 'a') });
  const inner = Array.from({ length: 20 }, (_, index) => [`app/charts/bomb-${index}.tgz`, bomb] as const);
  const texts = readChartTexts(pack('pax', { 'app/templates/a.yaml': 'a', ...Object.fromEntries(inner) }));
  expect(texts.reduce((bytes, { text }) => bytes + text.length, 0)).toBeLessThan(64 * 1024 * 1024);
});
