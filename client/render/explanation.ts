import { withBoundsPerCandidate } from '../../core/experiment/analysis-rules.ts';
import type { Experiment } from '../../core/experiment/experiment.ts';
import { formatInstant } from '../../core/text/instant.ts';
import { formatWeights } from '../../core/report/iteration-text.ts';
import { judgedRole } from '../../core/experiment/versions.ts';
import { formatOdds } from '../../core/verdicts/format-odds.ts';
import type { Counts, RunMeasurement } from '../../core/measurements/measurement.ts';
import type { IntervalRecord } from '../temporal/recorded-run.ts';
import { verdictLines } from './judgement.ts';

/** What was asked, measured, compared and decided in one interval of a record, as lines of text. */
export function explanation(
  experiment: Experiment,
  { atMs, measurement, weights, judgement }: IntervalRecord,
  { number, count }: { readonly number: number; readonly count: number },
): readonly string[] {
  return [
    `Interval ${number} of ${count}, observed at ${formatInstant(atMs)}${weightText(weights)}`,
    '',
    ...measurementLines(experiment, measurement),
    '',
    ...ruleLines(experiment),
    '',
    ...(judgement === undefined
      ? ['nothing was judged: the metrics were out of sight']
      : [...verdictLines(experiment, judgement), ...nextLines(judgement)]),
  ];
}

function weightText(weights: readonly number[]): string {
  return weights.length === 0 ? '' : `, candidate at ${formatWeights(weights)}`;
}

function nextLines(judgement: NonNullable<IntervalRecord['judgement']>): readonly string[] {
  return judgement.flatMap((one) => (one === null ? [] : [`next weight: ${one.weight} %, ${one.reason}`]));
}

function measurementLines(experiment: Experiment, measurement: RunMeasurement): readonly string[] {
  if (measurement.kind !== 'measured') return [`not measured (${measurement.kind}): ${measurement.reason}`];
  const { fromMs, toMs, baseline, candidates, asked = [] } = measurement;
  return [
    `Measured from ${formatInstant(fromMs)} to ${formatInstant(toMs)}`,
    ...asked.flatMap(({ query, atMs, series, samples }) => [
      `  ${query}`,
      `    at ${formatInstant(atMs)}: ${series} series, ${samples} samples`,
    ]),
    `  baseline   ${countsText(baseline)}`,
    ...candidates.map((counts, index) => `  ${judgedRole(experiment, index).padEnd(9)}  ${countsText(counts)}`),
  ];
}

function countsText({ requests, errors5xx, errorsNot2xx, latencySumMs, buckets, values = {} }: Counts): string {
  const cumulative = buckets.map(({ le, count }) => `${le ?? '+Inf'}:${count}`).join(' ');
  return `${requests} requests, ${errors5xx} errors (5xx), ${errorsNot2xx} not 2xx, ${latencySumMs} ms in all; up to ms ${cumulative || 'none'}${valuesText(values)}`;
}

/** The values of the metrics that users have defined, or why they have none. */
function valuesText(values: NonNullable<Counts['values']>): string {
  const texts = Object.entries(values).map(([metric, reading]) => {
    return `; ${metric} ${reading.kind === 'value' ? reading.value : `${reading.kind}, ${reading.reason}`}`;
  });
  return texts.join('');
}

function formatShare(share: number): string {
  return `${Math.round(100 * share)} %`;
}

function ruleLines(experiment: Experiment): readonly string[] {
  const { method, falsePass, falseFail, latencyTolerance } = withBoundsPerCandidate(experiment).analysis;
  const { minSamples, tolerance } = experiment;
  if (method === 'threshold') {
    return [`Rule: threshold, the value since the first step against the limit, from ${minSamples} requests on`];
  }
  return [
    `Rule: sequential; an objective passes when its evidence reaches ${formatOdds(-Math.log(falsePass))} and its estimate is within limit and tolerance`,
    `      (${formatShare(tolerance)}, of latencies ${formatShare(latencyTolerance)});`,
    `      the candidate fails when the evidence against it, averaged over the objectives, reaches ${formatOdds(-Math.log(falseFail))}`,
  ];
}
