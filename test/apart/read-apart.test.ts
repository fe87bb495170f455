import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { globSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseManifest } from '../../formats/manifest/parse.ts';
import { readRenderedServices } from '../../formats/rendered-chart.ts';
import { parseManifestApart, readApart } from '../../apart/read-apart.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

test('reads every sample apart as it would be read here', async () => {
  const files = globSync(['samples/*/*.yaml', 'test/formats/manifests/**/*.yaml'], { cwd: root });
  expect(files.length).toBeGreaterThan(15);
  for (const file of files) {
    const text = readFileSync(`${root}/${file}`, 'utf8');
    expect(await parseManifestApart(text, file)).toEqual(parseManifest(text, file));
    const bytes = new TextEncoder().encode(text);
    expect(await parseManifestApart(bytes, file)).toEqual(parseManifest(bytes, file));
  }
});

test('keeps what a chart names as Object.prototype does, as a property of its own', async () => {
  const chart =
    '{"apiVersion":"serving.knative.dev/v1","kind":"Service","metadata":{"name":"a"},"spec":{"__proto__":{"x":1}}}';
  const [service] = await readApart('readRenderedServices', chart);
  expect(service).toEqual(readRenderedServices(chart)[0]);
  expect(({} as { x?: unknown }).x).toBeUndefined();
});

test('fails as the reading does', async () => {
  await expect(readApart('readRenderedServices', '{')).rejects.toThrow('the rendered chart is not YAML');
});
