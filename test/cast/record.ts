/** Records the demo, and draws the moving picture of it in the README: `npm run record:cast`, where util-linux' `script` is. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheDirectory } from '../../sandbox/tools/cache.ts';
import { drawCast } from './draw-cast.ts';
import { makeFrames } from './terminal-frames.ts';
import type { Chunk } from './terminal-frames.ts';

const checkout = fileURLToPath(new URL('../..', import.meta.url));
const picture = join(checkout, 'docs/pictures/demo.svg');
const size = { columns: 120, rows: 32 };

const directory = await mkdtemp(join(tmpdir(), 'serin-cast-'));
try {
  const chunks = await record(directory);
  const frames = await makeFrames(chunks.map(withoutPlaces), size);
  const pace = { speed: 5, longestSeconds: 1.5, lastSeconds: 6 };
  const svg = drawCast(frames, size, pace);
  await writeFile(picture, svg);
  console.log(`${picture}: ${frames.length} frames, ${Math.round(svg.length / 1000)} kB`);
} finally {
  await rm(directory, { recursive: true });
}
process.exit(0);

/** Runs the demo in a terminal of its own; shows what it prints. */
async function record(folder: string): Promise<readonly Chunk[]> {
  const [output, timing] = [join(folder, 'output'), join(folder, 'timing')];
  const demo = `stty cols ${size.columns} rows ${size.rows}; exec ${process.execPath} sandbox/demo/main.ts`;
  const files = ['--log-out', output, '--log-timing', timing, '--logging-format', 'classic'];
  const program = spawn('script', ['--quiet', '--flush', '--return', ...files, '--command', demo], {
    cwd: checkout,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const [code] = (await once(program, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`the demo ended with exit code ${code}`);
  return readChunks(await readFile(output), await readFile(timing, 'utf8'));
}

/** The format is that of scriptreplay(1): a line for each chunk, with the seconds before it and its bytes; the first line of the output is script's own. */
function readChunks(output: Buffer, timing: string): readonly Chunk[] {
  const decoder = new TextDecoder();
  let [atSeconds, offset] = [0, output.indexOf('\n') + 1];
  return timing
    .trim()
    .split('\n')
    .map((line) => {
      const [seconds = 0, bytes = 0] = line.split(' ').map(Number);
      atSeconds += seconds;
      offset += bytes;
      return { atSeconds, text: decoder.decode(output.subarray(offset - bytes, offset), { stream: true }) };
    });
}

/** Where this machine keeps things is nobody's concern. */
function withoutPlaces({ atSeconds, text }: Chunk): Chunk {
  const places: readonly (readonly [string, string])[] = [
    [cacheDirectory(), '~/.cache/serin'],
    [checkout, ''],
    [homedir(), '~'],
  ];
  const shown = places.reduce((before, [place, name]) => before.replaceAll(place, name), text);
  return { atSeconds, text: shown.replaceAll(/\S+\/serin-sandbox-\w+/g, '/tmp/serin-sandbox') };
}
