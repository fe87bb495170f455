import { bucketed, latencyByMean, latencyByTail } from '../../core/offline/latency.ts';
import { seededRandom } from '../../core/offline/random.ts';
import { simulate as simulateOnce } from '../../core/offline/simulate.ts';
import type { SimulatedRun, SimulatedVersion } from '../../core/offline/simulate.ts';
import { formatDuration } from '../../core/text/duration.ts';
import type { Experiment } from '../../core/experiment/experiment.ts';
import type { CommandContext, CommandResult } from '../context.ts';
import { remark, say } from '../context.ts';
import { CommandError } from '../errors.ts';
import { readManifestFile } from '../files/manifest.ts';
import { bar } from '../render/bar.ts';
import { formatColumns } from '../render/columns.ts';
import type { Style } from '../terminal/terminal.ts';
import { defined } from '../../core/text/defined.ts';

export interface SimulateFlags {
  readonly file: string;
  readonly rps: number;
  readonly runs: number;
  readonly seed: number;
  readonly candidateErrorRate: number;
  readonly baselineErrorRate: number;
  /** 95th percentiles, ms. */
  readonly candidateTailMs?: number;
  readonly baselineTailMs?: number;
  readonly candidateMeanMs?: number;
  readonly correlation: number;
  /** The candidate's weight under FixedSplit, percent. */
  readonly weight?: number;
}

/**
 * `serin simulate -f FILE`: runs an experiment many times against random traffic, with the functions that judge real
 * experiments, and prints how often the candidate is promoted, rolled back or undecided.
 */
export async function simulateCommand(context: CommandContext, flags: SimulateFlags): Promise<CommandResult> {
  const { experiment, warnings } = await readManifestFile(context.terminal, flags.file);
  remark(context, ...warnings.map((warning) => `warning: ${warning}`));
  requireOneCandidate(experiment, flags.file);
  const random = seededRandom(flags.seed);
  const versions = simulatedVersions(flags);
  const input = {
    experiment: learned(experiment, flags.correlation),
    ...versions,
    requestsPerSecond: flags.rps,
    ...defined({ candidateWeight: flags.weight }),
    random,
  };
  const runs = Array.from({ length: flags.runs }, () => simulateOnce(input));
  const summary = summarize(runs, experiment);
  say(context, ...picture(summary, flags, context.style));
  return { exitCode: 0, json: { runs: flags.runs, requestsPerSecond: flags.rps, seed: flags.seed, ...summary } };
}

/** Fails with `usage` for other patterns: the random traffic has two versions. */
function requireOneCandidate({ testingPattern, candidates, reward }: Experiment, file: string): void {
  if (candidates.length === 1 && reward === undefined) return;
  throw new CommandError(
    'usage',
    `${file}: simulate takes a Canary experiment with one candidate, got ${testingPattern}`,
  );
}

/** The experiment with the correlation of errors that the baseline's history would show. */
function learned(experiment: Experiment, correlation: number): Experiment {
  const correlations = experiment.objectives.map(({ metric }) => (metric === 'error-rate' ? correlation : null));
  return { ...experiment, correlations };
}

function simulatedVersions(flags: SimulateFlags): {
  readonly baseline: SimulatedVersion;
  readonly candidate: SimulatedVersion;
} {
  const { candidateErrorRate, baselineErrorRate, candidateTailMs, candidateMeanMs, baselineTailMs, correlation } =
    flags;
  const usual = latencyByTail(baselineTailMs ?? 50);
  const own =
    candidateTailMs === undefined
      ? candidateMeanMs === undefined
        ? usual
        : latencyByMean(candidateMeanMs)
      : latencyByTail(candidateTailMs);
  return {
    baseline: { errorRate: baselineErrorRate, correlation, latency: bucketed(usual) },
    candidate: { errorRate: candidateErrorRate, correlation, latency: bucketed(own) },
  };
}

interface Summary {
  /** Percent of the runs, as are `rolledBack` and `undecided`. */
  readonly promoted: number;
  readonly rolledBack: number;
  readonly undecided: number;
  readonly timeToDecisionMs: { readonly median: number; readonly p95: number };
  readonly badRequests: { readonly mean: number; readonly p95: number };
  readonly candidateRequests: { readonly mean: number };
}

function summarize(runs: readonly SimulatedRun[], { intervalMs }: Experiment): Summary {
  const share = (outcome: SimulatedRun['outcome']): number =>
    (100 * runs.filter((run) => run.outcome === outcome).length) / runs.length;
  const times = runs.map(({ intervals }) => intervals * intervalMs).sort((a, b) => a - b);
  const errors = runs.map(({ candidateErrors }) => candidateErrors).sort((a, b) => a - b);
  return {
    promoted: share('promoted'),
    rolledBack: share('failed'),
    undecided: share('undecided'),
    timeToDecisionMs: { median: at(times, 0.5), p95: at(times, 0.95) },
    badRequests: { mean: mean(errors), p95: at(errors, 0.95) },
    candidateRequests: { mean: mean(runs.map(({ candidateRequests }) => candidateRequests)) },
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function at(ascending: readonly number[], share: number): number {
  return ascending[Math.min(ascending.length - 1, Math.floor(share * ascending.length))] ?? 0;
}

const barWidth = 40;

function picture(summary: Summary, { runs, rps, candidateErrorRate }: SimulateFlags, style: Style): readonly string[] {
  const { promoted, rolledBack, undecided, timeToDecisionMs, badRequests, candidateRequests } = summary;
  const rows = [
    ['promoted', promoted, 'green'],
    ['rolled back by verdict', rolledBack, 'red'],
    ['undecided', undecided, 'yellow'],
  ] as const;
  const standardError = (50 / Math.sqrt(runs)).toFixed(1);
  return [
    `${runs} runs at ${rps} requests a second, ${Number((100 * candidateErrorRate).toFixed(4))} % errors of the candidate`,
    '',
    formatColumns(
      rows.map(([name, percent, format]) => [
        name,
        bar(percent, barWidth, { style, format }),
        `${percent.toFixed(1)} %`,
      ]),
    ),
    '',
    `time to decision     median ${formatDuration(timeToDecisionMs.median)}, 95 % within ${formatDuration(timeToDecisionMs.p95)}`,
    `bad requests served  mean ${badRequests.mean.toFixed(1)}, 95 % at most ${badRequests.p95}; of ${Math.round(candidateRequests.mean)} to the candidate`,
    `each share is exact to about ${standardError} points (one standard error, at most)`,
  ];
}
