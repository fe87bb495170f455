import {
  burstRules,
  candidateNumbers,
  correlations,
  errorRules,
  multiples,
  outageMeans,
  outageShares,
  outageStarts,
  rates,
  scenarioRules,
  slowMeans,
  turningRules,
} from './cells.ts';
import type { CellResult } from './cells.ts';
import type { GoalResult, Results } from './goals.ts';
import { scenarios } from './traffic.ts';

/** The generated part of docs/verdicts.md. */
export function page(results: Results, goals: readonly GoalResult[], runs: number): string {
  return [
    `${runs} runs a cell; the standard error of a share is at most ${(50 / Math.sqrt(runs)).toFixed(1)} points.`,
    '### Goals',
    table(
      ['', 'scenario', 'goal', 'reached', ''],
      goals.map(({ id, scenario, goal, reached, isMet }) => [
        id,
        scenario,
        goal,
        reached,
        isMet ? 'met' : '**not met**',
      ]),
    ),
    '### Error rate alone',
    cellWords,
    ...rates.flatMap((rate) => [`#### ${rate} requests a second`, errorTable(results, rate)]),
    "### The seed's three objectives",
    Object.entries(scenarios)
      .map(([name, { words }]) => `- ${name}: ${words}`)
      .join('\n'),
    ...rates.flatMap((rate) => [`#### ${rate} requests a second`, scenarioTable(results, rate)]),
    '### A version that turns bad',
    '0.2 x limit for six iterations, then 5 x limit.',
    table(
      ['rule', ...rates.map((rate) => `${rate}/s`)],
      turningRules.map((rule) => [rule, ...rates.map((rate) => format(results.get(`turning|${rate}|${rule}`)))]),
    ),
    '### A common outage',
    'Both versions have so many errors for three intervals, else 0.1 x limit; up to 60 iterations. A cell: **promoted % / rolled back by verdict %**; what is missing to 100 % was undecided.',
    outageTable(results),
    'Both versions have no errors, and a mean latency of so many times its limit for three intervals, else half of it.',
    slownessTable(results),
    '### A slow candidate',
    "Its mean latency is so many times the limit, the baseline's half of it; up to 60 iterations. A cell: **promoted % / rolled back by verdict % / intervals**.",
    slowTable(results),
    '### Bursts',
    'Errors that come together: the intraclass correlation of the requests of an interval; 20 requests a second, up to 60 iterations.',
    burstTable(results),
    '### Several candidates',
    'All exactly at limit and tolerance (1.5 x limit), up to 60 iterations, without a reward. A cell: **runs in which any of them passes % / in which one is promoted %**.',
    candidatesTable(results),
  ].join('\n\n');
}

const cellWords =
  'Limit 1 %, 12 intervals of 12 s, 5 to 95 % in steps of 10 (Flagger: 5 to 60 % in steps of 5). A cell: **promoted % / rolled back by verdict % / intervals / error responses that the candidate served**; what is missing to 100 % was undecided.';

function errorTable(results: Results, rate: number): string {
  return table(
    ['rule', ...multiples.map((multiple) => `${multiple} x limit`)],
    Object.keys(errorRules).map((rule) => [
      rule,
      ...multiples.map((multiple) => format(results.get(`errors|${rate}|${rule}|${multiple}`))),
    ]),
  );
}

function scenarioTable(results: Results, rate: number): string {
  const names = Object.keys(scenarios);
  return table(
    ['rule', ...names],
    Object.keys(scenarioRules).map((rule) => [
      rule,
      ...names.map((name) => format(results.get(`scenario|${rate}|${rule}|${name}`))),
    ]),
  );
}

function burstTable(results: Results): string {
  const rows = Object.keys(burstRules).flatMap((name) =>
    correlations.map((correlation) => [
      name,
      String(correlation),
      ...[0.8, 1.5].map((multiple) => format(results.get(`bursts|${name}|${correlation}|${multiple}`))),
    ]),
  );
  return table(['bursts', 'correlation', '0.8 x limit', '1.5 x limit'], rows);
}

function outageTable(results: Results): string {
  const rows = outageStarts.flatMap((first) =>
    outageShares.map((share) => [
      String(first),
      `${share * 100} %`,
      ...rates.map((rate) => formatOutcomes(results.get(`outage|${rate}|${first}|${share}`))),
    ]),
  );
  return table(['from interval', 'errors', ...rates.map((rate) => `${rate}/s`)], rows);
}

function slownessTable(results: Results): string {
  const rows = outageStarts.flatMap((first) =>
    outageMeans.map((multiple) => [
      String(first),
      `${multiple} x limit`,
      ...rates.map((rate) => formatOutcomes(results.get(`slowness|${rate}|${first}|${multiple}`))),
    ]),
  );
  return table(['from interval', 'mean', ...rates.map((rate) => `${rate}/s`)], rows);
}

function slowTable(results: Results): string {
  const rows = slowMeans.map((multiple) => [
    `${multiple} x limit`,
    ...rates.map((rate) => {
      const result = results.get(`slow|${rate}|${multiple}`);
      return `${formatOutcomes(result)} / ${(result?.intervals ?? Number.NaN).toFixed(1)}`;
    }),
  ]);
  return table(['mean', ...rates.map((rate) => `${rate}/s`)], rows);
}

function formatOutcomes({ promoted, failed }: Partial<CellResult> = {}): string {
  return [promoted, failed].map((value = Number.NaN) => value.toFixed(1)).join(' / ');
}

function candidatesTable(results: Results): string {
  const rows = candidateNumbers.map((number) => [
    String(number),
    ...rates.map((rate) => {
      const { passed = Number.NaN, promoted = Number.NaN } = results.get(`level|${rate}|candidates|${number}`) ?? {};
      return `${passed.toFixed(1)} / ${promoted.toFixed(1)}`;
    }),
  ]);
  return table(['candidates', ...rates.map((rate) => `${rate}/s`)], rows);
}

function format(result: CellResult | undefined): string {
  if (result === undefined) return '';
  const { promoted, failed, intervals, errors } = result;
  return [promoted, failed, intervals, errors].map((value) => value.toFixed(1)).join(' / ');
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}
