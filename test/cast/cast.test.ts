import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { drawCast } from './draw-cast.ts';
import { makeFrames } from './terminal-frames.ts';

const size = { columns: 20, rows: 3 };
const source = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

test('frames show what a terminal shows: lines that are written over, colours, and output that comes together once', async () => {
  const frames = await makeFrames(
    [
      { atSeconds: 0, text: 'one\r\n' },
      { atSeconds: 0.05, text: 'two' },
      { atSeconds: 1, text: '\u001B[1A\r\u001B[2K\u001B[1;32mnew\u001B[0m' },
    ],
    size,
  );
  expect(
    frames.map(({ atSeconds, lines }) => [atSeconds, lines.map((spans) => spans.map(({ text }) => text))]),
  ).toEqual([
    [0.05, [['one'], ['two'], []]],
    [1, [['new'], ['two'], []]],
  ]);
  expect(frames.at(-1)?.lines[0]).toEqual([{ column: 0, text: 'new', isBold: true, isDim: false, colour: 2 }]);
});

test('a cast shows each frame for its time, none longer than is bearable, and its text as text', async () => {
  const frames = await makeFrames(
    [
      { atSeconds: 0, text: 'a < b' },
      { atSeconds: 2, text: '\r\nnext' },
      { atSeconds: 60, text: '\r\nend' },
    ],
    size,
  );
  const svg = drawCast(frames, size, { speed: 2, longestSeconds: 3, lastSeconds: 4 });
  expect(svg).toContain('animation:film 8.00s step-end infinite');
  expect(svg.match(/[\d.]+%\{/g)).toEqual(['0.000%{', '12.500%{', '50.000%{']);
  expect(svg).toContain('>a &lt; b</text>');
});

test("the README's cast shows the steps that the demo has", () => {
  const steps = [...source('sandbox/demo/tutorial.ts').matchAll(/narrate\('([^']+)'\)/g)].map(([, step = '']) => step);
  expect(steps.length).toBeGreaterThan(4);
  const shown = source('docs/pictures/demo.svg');
  expect(steps.filter((step) => !shown.includes(`==&gt; ${step}`))).toEqual([]);
  expect(source('README.md')).toContain('docs/pictures/demo.svg');
});
