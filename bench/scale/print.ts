import { quantile } from '../quantile.ts';
import type { Iteration, RunHistory } from '../history.ts';
import type { ScaleOptions } from './options.ts';
import { cpuBetween } from './processes.ts';
import type { Sample, Sampler } from './processes.ts';

/** All that was measured; times are epoch ms. */
export interface Figures {
  readonly options: ScaleOptions;
  readonly sampler: Sampler;
  /** When the first experiment was started, and when the last one had ended. */
  readonly startedMs: number;
  readonly endedMs: number;
  readonly histories: readonly RunHistory[];
  readonly steady: Window;
  /** Requests to the API server while all ran, and until then, by kind. */
  readonly requests: Readonly<Record<'steady' | 'starting', ReadonlyMap<string, number>>>;
  readonly ends: readonly (string | undefined)[];
  /** What the histories say that do not replay. */
  readonly unreplayable: readonly string[];
}

interface Window {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Prints everything as tables. */
export function printFigures(figures: Figures): void {
  const { options, histories, steady, ends, unreplayable } = figures;
  const iterations = histories.flatMap((history) => history.iterations);
  const judged = iterations.filter(({ judgedMs }) => isWithin(judgedMs, steady));
  const settings = Object.entries(options).map(([name, value]) => `${name} ${value}`);
  console.log(`${settings.join(', ')}\n`);
  print('experiments', [`${ends.length}, ${countOutcomes(ends)}`]);
  print('judged iterations', [`${iterations.length}, ${judged.length} of them while all ran`]);
  const replayed = histories.length - unreplayable.length;
  print('histories', [[`${replayed} of ${histories.length} replay`, ...unreplayable.slice(0, 3)].join('\n')]);
  printSteps(histories, judged);
  printHistory(judged);
  printCpu(figures, iterations, judged);
  printMemory(figures);
  printRequests(figures, iterations, judged);
}

function countOutcomes(ends: readonly (string | undefined)[]): string {
  const groups = Map.groupBy(ends, (outcome) => outcome ?? 'without outcome');
  return [...groups].map(([outcome, some]) => `${some.length} ${outcome}`).join(', ');
}

/** How late steps are after they were due, and how long each weight lasted. */
function printSteps(histories: readonly RunHistory[], judged: readonly Iteration[]): void {
  const isJudged = new Set(judged);
  const lengths = histories.flatMap(({ iterations }) =>
    iterations.flatMap((iteration, index) => {
      const before = iterations[index - 1];
      return before !== undefined && isJudged.has(iteration) ? [(stepMs(iteration) - stepMs(before)) / 1000] : [];
    }),
  );
  const lateness = judged.map((iteration) => (stepMs(iteration) - iteration.dueMs) / 1000);
  console.log('');
  print('seconds', ['p50', 'p99', 'max', 'mean']);
  print('lateness of a step', spread(lateness));
  print('time at a weight', spread(lengths));
}

/** When the step was taken, or the weight held. */
function stepMs({ shiftedMs, judgedMs }: Iteration): number {
  return shiftedMs ?? judgedMs;
}

function spread(numbers: readonly number[]): readonly string[] {
  const ascending = numbers.toSorted((a, b) => a - b);
  return [...[0.5, 0.99, 1].map((share) => quantile(ascending, share)), mean(numbers)].map((value) => value.toFixed(2));
}

function printHistory(judged: readonly Iteration[]): void {
  const kinds = { 'with a shift': true, 'without a shift': false };
  console.log('');
  print('history of an iteration', ['events', 'bytes', 'workflow tasks', 'iterations']);
  for (const [title, shifts] of Object.entries(kinds)) {
    const some = judged.filter(({ shiftedMs }) => (shiftedMs !== undefined) === shifts);
    if (some.length === 0) continue;
    const average = (read: (one: Iteration) => number, digits = 1): string => mean(some.map(read)).toFixed(digits);
    const sizes = [average(({ events }) => events), average(({ bytes }) => bytes, 0)];
    print(title, [...sizes, average(({ workflowTasks }) => workflowTasks), String(some.length)]);
  }
}

/**
 * CPU by program: idle, of an iteration while all ran, and of a start, which is what the time until all ran has cost beyond idling
 * and the iterations that were judged in it. The whole run is all from the first start to the last end, for each iteration.
 */
function printCpu(
  { sampler, startedMs, endedMs, steady, histories }: Figures,
  iterations: readonly Iteration[],
  judged: readonly Iteration[],
): void {
  const idle = perSecond(sampler.window(0, startedMs));
  const whileAllRan = sampler.window(steady.fromMs, steady.toMs);
  const steadyCpu = cpuBetween(whileAllRan);
  const inWindow = judged.filter(({ judgedMs }) => isBetween(judgedMs, whileAllRan)).length;
  const starting = sampler.window(startedMs, steady.fromMs);
  const startCpu = cpuBetween(starting);
  const judgedMeanwhile = iterations.filter(({ judgedMs }) => isBetween(judgedMs, starting)).length;
  const wholeCpu = cpuBetween(sampler.window(startedMs, endedMs));
  const rows = [...idle.keys()].map((name): readonly [string, readonly number[]] => {
    const idleMs = idle.get(name) ?? 0;
    const all = (steadyCpu.get(name) ?? 0) / inWindow;
    const own = all - (idleMs * seconds(whileAllRan)) / inWindow;
    const start = (startCpu.get(name) ?? 0) - idleMs * seconds(starting) - own * judgedMeanwhile;
    return [name, [idleMs, all, own, start / histories.length, (wholeCpu.get(name) ?? 0) / iterations.length]];
  });
  console.log('');
  print('CPU, ms', ['idle, a second', 'an iteration', 'less idle', 'a start', 'whole run']);
  for (const [name, values] of rows) print(name, values.map(oneDigit));
  print(
    'all',
    [0, 1, 2, 3, 4].map((column) => oneDigit(sum(rows.map(([, values]) => values[column] ?? 0)))),
  );
}

function printMemory({ sampler, startedMs, endedMs, histories }: Figures): void {
  const during = sampler.samples.filter(({ atMs }) => atMs > startedMs && atMs <= endedMs);
  const [empty] = sampler.window(0, startedMs).slice(-1);
  console.log('');
  print('memory, MiB', ['empty', 'at most', 'a run']);
  for (const [name, { memoryMib }] of empty?.usages ?? []) {
    const most = Math.max(...during.map(({ usages }) => usages.get(name)?.memoryMib ?? 0));
    print(name, [oneDigit(memoryMib), oneDigit(most), twoDigits((most - memoryMib) / histories.length)]);
  }
}

/** Those of a start are what was asked until all ran beyond the iterations that were judged in that time. */
function printRequests(
  { requests: { steady: running, starting }, startedMs, steady, histories }: Figures,
  iterations: readonly Iteration[],
  judged: readonly Iteration[],
): void {
  const beforeAllRan = { fromMs: startedMs, toMs: steady.fromMs };
  const judgedMeanwhile = iterations.filter(({ judgedMs }) => isWithin(judgedMs, beforeAllRan)).length;
  const kinds = [...new Set([...running.keys(), ...starting.keys()])];
  const rows = kinds.map((kind) => {
    const each = (running.get(kind) ?? 0) / judged.length;
    return { kind, each, start: ((starting.get(kind) ?? 0) - each * judgedMeanwhile) / histories.length };
  });
  const total = (some: typeof rows): readonly string[] => {
    return [sum(some.map(({ each }) => each)), sum(some.map(({ start }) => start))].map(twoDigits);
  };
  const isWrite = ({ kind }: { readonly kind: string }): boolean => !/^(get|list|watch) /.test(kind);
  console.log('');
  print('API requests', ['an iteration', 'a start']);
  for (const { kind, each, start } of rows.toSorted((a, b) => b.each - a.each || b.start - a.start)) {
    print(kind, [each, start].map(twoDigits));
  }
  print('all', total(rows));
  print('writes', total(rows.filter(isWrite)));
}

function perSecond(window: readonly [Sample, Sample]): ReadonlyMap<string, number> {
  return new Map([...cpuBetween(window)].map(([name, cpuMs]) => [name, cpuMs / seconds(window)]));
}

function seconds([before, after]: readonly [Sample, Sample]): number {
  return (after.atMs - before.atMs) / 1000;
}

function isBetween(atMs: number, [before, after]: readonly [Sample, Sample]): boolean {
  return isWithin(atMs, { fromMs: before.atMs, toMs: after.atMs });
}

function isWithin(atMs: number, { fromMs, toMs }: Window): boolean {
  return atMs > fromMs && atMs <= toMs;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, value) => total + value, 0);
}

function mean(numbers: readonly number[]): number {
  return sum(numbers) / numbers.length;
}

function oneDigit(value: number): string {
  return value.toFixed(1);
}

function twoDigits(value: number): string {
  return value.toFixed(2);
}

function print(title: string, cells: readonly string[]): void {
  console.log(`${title.padEnd(34)}${cells.map((cell) => cell.padStart(18)).join('')}`.trimEnd());
}
