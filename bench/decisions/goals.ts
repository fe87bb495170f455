import type { CellResult } from './cells.ts';
import { candidateNumbers, outageMeans, outageShares, outageStarts, rates, tolerances } from './cells.ts';

/** A goal of the method, and what it has reached. */
export interface GoalResult {
  readonly id: string;
  readonly scenario: string;
  readonly goal: string;
  readonly reached: string;
  readonly isMet: boolean;
}

export type Results = ReadonlyMap<string, CellResult>;

const longRule = 'serin, up to 60';
const shortRule = 'serin, 12 iterations';

/** The goals G1 to G19, by the results of the cells and the median requests to a fail. */
export function judgeGoals(results: Results, medianToFail: number): readonly GoalResult[] {
  const cell = (name: string): CellResult => {
    const found = results.get(name);
    if (found === undefined) throw new Error(`no result of ${name}`);
    return found;
  };
  const errors = (rule: string, rate: number, multiple: number) => cell(`errors|${rate}|${rule}|${multiple}`);
  const scenario = (rule: string, rate: number, name: string) => cell(`scenario|${rate}|${rule}|${name}`);
  const worst = (numbers: readonly number[]): number => Math.max(...numbers);
  const atBoundary = rates.flatMap((rate) => tolerances.map((tolerance) => cell(`level|${rate}|pass|${tolerance}`)));
  const atLimit = rates.flatMap((rate) => tolerances.map((tolerance) => cell(`level|${rate}|fail|${tolerance}`)));
  const three = rates.map((rate) => cell(`level|${rate}|three`).failed);
  const bad = rates.flatMap((rate) =>
    ['S4', 'S5', 'S6', 'S7', 'S8'].map((name) => scenario(longRule, rate, name).promoted),
  );
  const [g5, g6, g7, g8] = [
    errors(shortRule, 20, 0.5),
    errors(longRule, 20, 0.5),
    errors(longRule, 20, 0.8),
    errors(shortRule, 200, 0.8),
  ];
  const [g9, g10] = [errors(longRule, 20, 5), errors('serin, up to 60, risk budget 10', 200, 20)];
  const [s2, s3, s7] = [scenario(longRule, 20, 'S2'), scenario(longRule, 20, 'S3'), scenario(longRule, 20, 'S7')];
  const g14 = cell(`turning|200|${longRule}`);
  const passed = worst(atBoundary.map(({ promoted }) => promoted));
  const failed = worst(atLimit.map((result) => result.failed));
  const several = candidateNumbers.flatMap((number) => rates.map((rate) => cell(`level|${rate}|candidates|${number}`)));
  const anyPassed = worst(several.map((result) => result.passed));
  const outages = rates.flatMap((rate) =>
    outageStarts.flatMap((first) => outageShares.map((share) => cell(`outage|${rate}|${first}|${share}`).failed)),
  );
  const slownesses = rates.flatMap((rate) =>
    outageStarts.flatMap((first) =>
      outageMeans.map((multiple) => cell(`slowness|${rate}|${first}|${multiple}`).failed),
    ),
  );
  const [slowAt2, slowAt20] = [cell('slow|2|1.5'), cell('slow|20|1.5')];
  const wald = 765;
  return [
    goal(
      'G1',
      'exactly at limit and tolerance; tolerance 0, 0.25, 0.5; all rates; 60 intervals',
      'promoted <= 5 %',
      `${one(passed)} %`,
      passed <= 5,
    ),
    goal('G2', 'exactly at the limit, the same', 'failed <= 5 %', `${one(failed)} %`, failed <= 5),
    goal(
      'G3',
      'three objectives exactly at their limits',
      'failed <= 5 %',
      `${one(worst(three))} %`,
      worst(three) <= 5,
    ),
    goal(
      'G4',
      '1.5 x limit at 2/s, up to 60',
      'promoted <= 3 %',
      `${one(errors(longRule, 2, 1.5).promoted)} %`,
      errors(longRule, 2, 1.5).promoted <= 3,
    ),
    goal(
      'G5',
      '0.5 x limit at 20/s, 12 iterations',
      'failed <= 0.5 %, promoted >= 80 %',
      `${one(g5.failed)} %, ${one(g5.promoted)} %`,
      g5.failed <= 0.5 && g5.promoted >= 80,
    ),
    goal(
      'G6',
      '0.5 x limit at 20/s, up to 60',
      'promoted >= 99 %, <= 14 iterations',
      `${one(g6.promoted)} %, ${one(g6.intervals)}`,
      g6.promoted >= 99 && g6.intervals <= 14,
    ),
    goal(
      'G7',
      '0.8 x limit at 20/s, up to 60',
      'promoted >= 98 %, <= 19 iterations',
      `${one(g7.promoted)} %, ${one(g7.intervals)}`,
      g7.promoted >= 98 && g7.intervals <= 19,
    ),
    goal(
      'G8',
      '0.8 x limit at 200/s, 12 iterations',
      'promoted >= 98 %, failed <= 0.5 %',
      `${one(g8.promoted)} %, ${one(g8.failed)} %`,
      g8.promoted >= 98 && g8.failed <= 0.5,
    ),
    goal(
      'G9',
      '5 x limit at 20/s',
      'failed 100 %, <= 7 iterations, <= 8 errors',
      `${one(g9.failed)} %, ${one(g9.intervals)}, ${one(g9.errors)}`,
      g9.failed >= 99.95 && g9.intervals <= 7 && g9.errors <= 8,
    ),
    goal('G10', '20 x limit at 200/s, risk budget 10', '<= 8 errors', one(g10.errors), g10.errors <= 8),
    goal(
      'G11',
      'S2 and S3 at 20/s, up to 60',
      'promoted >= 99 % each',
      `${one(s2.promoted)} %, ${one(s3.promoted)} %`,
      Math.min(s2.promoted, s3.promoted) >= 99,
    ),
    goal('G12', 'S4 to S8, all rates', 'promoted <= 5 % each', `<= ${one(worst(bad))} %`, worst(bad) <= 5),
    goal(
      'G13',
      'S7 (3 % hang) at 20/s',
      'promoted <= 1 %, failed >= 80 %',
      `${one(s7.promoted)} %, ${one(s7.failed)} %`,
      s7.promoted <= 1 && s7.failed >= 80,
    ),
    goal(
      'G14',
      'turns bad in iteration 7, 200/s',
      'failed by 8, <= 100 errors',
      `${one(g14.intervals)}, ${one(g14.errors)}`,
      g14.failed >= 99.95 && g14.intervals <= 8 && g14.errors <= 100,
    ),
    goal(
      'G15',
      'requests to a fail at 2 x limit, median',
      `<= 1.35 x Wald's ${wald}`,
      `${medianToFail} (${(medianToFail / wald).toFixed(2)} x)`,
      medianToFail <= 1.35 * wald,
    ),
    goal(
      'G16',
      '1, 4 and 8 candidates exactly at limit and tolerance; all rates; 60 intervals',
      'any passes in <= 5 %',
      `${one(anyPassed)} %`,
      anyPassed <= 5,
    ),
    goal(
      'G17',
      'outages of both versions, 5 to 50 % errors, early to late; all rates',
      'failed <= 5 % each',
      `<= ${one(worst(outages))} %`,
      worst(outages) <= 5,
    ),
    goal(
      'G18',
      'both versions slow, their means at 2 to 20 x limit, early to late; all rates',
      'failed <= 5 % each',
      `<= ${one(worst(slownesses))} %`,
      worst(slownesses) <= 5,
    ),
    goal(
      'G19',
      'slow alone, its mean at 1.5 x limit, at 2/s and 20/s, up to 60',
      'failed >= 95 %, 100 %; at 20/s <= 5 iterations',
      `${one(slowAt2.failed)} %, ${one(slowAt20.failed)} %, ${one(slowAt20.intervals)}`,
      slowAt2.failed >= 95 && slowAt20.failed >= 99.95 && slowAt20.intervals <= 5,
    ),
  ];
}

function goal(id: string, scenario: string, words: string, reached: string, isMet: boolean): GoalResult {
  return { id, scenario, goal: words, reached, isMet };
}

function one(value: number): string {
  return value.toFixed(1);
}
