/**
 * Simulates our method beside iter8's, Flagger's, Argo Rollouts' and Kayenta's, writes the tables into docs/verdicts.md, and
 * prints the goals. Exit code 1 when a goal is not met.
 *
 * Run as: `npm run bench:decisions [-- --runs 4000]`.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { cells, medianRequestsToFail } from './cells.ts';
import type { CellResult } from './cells.ts';
import { judgeGoals } from './goals.ts';
import { page } from './page.ts';

const { values } = parseArgs({ options: { runs: { type: 'string', default: '4000' } } });
const runs = Number(values.runs);
const startedAtMs = performance.now();

const results = await computeAll(Object.keys(cells));
const goals = judgeGoals(results, medianRequestsToFail(runs));
await replaceTables(page(results, goals, runs));
for (const { id, scenario, goal, reached, isMet } of goals) {
  console.log(`${id.padEnd(4)}${isMet ? 'met    ' : 'NOT MET'} ${scenario}: ${goal}; reached ${reached}`);
}
console.log(`${results.size} cells of ${runs} runs in ${Math.round((performance.now() - startedAtMs) / 1000)} s`);
process.exit(goals.every(({ isMet }) => isMet) ? 0 : 1);

/** Computes all cells with one thread per core; each takes the next cell when it is done with one. */
async function computeAll(names: readonly string[]): Promise<ReadonlyMap<string, CellResult>> {
  const found = new Map<string, CellResult>();
  const waiting = [...names];
  const threads = Array.from({ length: availableParallelism() }, () => computeInThread(waiting, found));
  await Promise.all(threads);
  return found;
}

function computeInThread(waiting: string[], found: Map<string, CellResult>): Promise<void> {
  const thread = new Worker(new URL('thread.ts', import.meta.url));
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const next = (): void => {
    const name = waiting.shift();
    if (name === undefined) return void thread.terminate().then(() => resolve(), reject);
    thread.once('message', (result: CellResult) => {
      found.set(name, result);
      if (found.size % 20 === 0) console.error(`${found.size} cells`);
      next();
    });
    thread.postMessage({ name, runs });
  };
  thread.once('error', reject);
  next();
  return promise;
}

async function replaceTables(text: string): Promise<void> {
  const file = new URL('../../docs/verdicts.md', import.meta.url);
  const [begin, end] = ['<!-- bench:decisions begin -->', '<!-- bench:decisions end -->'];
  const before = await readFile(file, 'utf8');
  const [from, to] = [before.indexOf(begin), before.indexOf(end)];
  if (from === -1 || to === -1) throw new Error(`docs/verdicts.md: expected ${begin} and ${end}`);
  await writeFile(file, `${before.slice(0, from + begin.length)}\n\n${text}\n\n${before.slice(to)}`);
}
