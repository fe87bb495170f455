import { builtInMetric } from '../../core/experiment/metric.ts';
import { bucketed, latencyByMean, latencyByTail } from '../../core/offline/latency.ts';
import type { LatencyModel } from '../../core/offline/latency.ts';
import { seededRandom } from '../../core/offline/random.ts';
import { simulate as simulateOnce } from '../../core/offline/simulate.ts';
import type { SimulatedVersion } from '../../core/offline/simulate.ts';
import { summarize, summarizeCandidate } from '../../core/offline/summarize.ts';
import type { CandidateSummary, Summary } from '../../core/offline/summarize.ts';
import { formatDuration } from '../../core/text/duration.ts';
import type { Experiment } from '../../core/experiment/experiment.ts';
import type { CommandContext, CommandResult } from '../context.ts';
import { remark, say } from '../context.ts';
import { CommandError } from '../errors.ts';
import { checkWeight } from './plan.ts';
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
  readonly candidateErrorRate: readonly OfVersion[];
  readonly baselineErrorRate: number;
  /** 95th percentiles, ms. */
  readonly candidateTailMs: readonly OfVersion[];
  readonly baselineTailMs?: number;
  readonly candidateMeanMs: readonly OfVersion[];
  readonly reward: readonly OfVersion[];
  readonly correlation: number;
  /** The weight of each candidate under FixedSplit, percent. */
  readonly weight?: number;
}

/** A value of one version; without a name of every candidate that has none of its own. */
export interface OfVersion {
  readonly name?: string;
  readonly value: number;
}

/**
 * `serin simulate -f FILE`: runs an experiment many times against random traffic, with the functions that judge real
 * experiments, and prints how often each candidate is promoted, rolled back or undecided.
 */
export async function simulateCommand(context: CommandContext, flags: SimulateFlags): Promise<CommandResult> {
  const { experiment, warnings } = await readManifestFile(context.terminal, flags.file);
  remark(context, ...warnings.map((warning) => `warning: ${warning}`));
  checkFlags(experiment, flags);
  const random = seededRandom(flags.seed);
  const versions = simulatedVersions(experiment, flags);
  const input = {
    experiment: learned(experiment, flags.correlation),
    ...versions,
    requestsPerSecond: flags.rps,
    ...defined({ candidateWeight: flags.weight }),
    random,
  };
  const runs = Array.from({ length: flags.runs }, () => simulateOnce(input));
  const summary = summarize(runs, experiment);
  const candidates = experiment.candidates.map(({ name }, index) =>
    summarizeCandidate(runs, experiment, { name, index }),
  );
  const isAlone = candidates.length === 1 && experiment.reward === undefined;
  const head = headline(experiment, versions.candidates, flags);
  say(
    context,
    head,
    '',
    ...picture(summary, { ...flags, count: candidates.length }, context.style),
    ...(isAlone ? [] : ['', candidateTable(candidates)]),
  );
  const result = { ...summary, candidates };
  return { exitCode: 0, json: { runs: flags.runs, requestsPerSecond: flags.rps, seed: flags.seed, ...result } };
}

/** Fails with `usage` where the traffic of an experiment cannot be drawn, or what was said is of no version of it. */
function checkFlags(experiment: Experiment, flags: SimulateFlags): void {
  const { testingPattern, candidates, baseline, reward } = experiment;
  if (testingPattern === 'Conformance') {
    throw new CommandError(
      'usage',
      `${flags.file}: simulate compares candidates with a baseline, got a Conformance test`,
    );
  }
  checkWeight(experiment, flags.weight);
  const names = candidates.map(({ name }) => name);
  const ofCandidates = [...flags.candidateErrorRate, ...flags.candidateTailMs, ...flags.candidateMeanMs];
  requireKnown(names, ofCandidates, flags.file);
  requireKnown([baseline.name, ...names], flags.reward, flags.file);
  const untold = names.filter((name) => valueFor(name, flags.candidateErrorRate) === undefined);
  if (untold.length > 0) throw new CommandError('usage', `give --candidate-error-rate for ${untold.join(', ')} too`);
  const isDrawn = reward !== undefined && builtInMetric(reward.metric) === undefined;
  if (!isDrawn && flags.reward.length > 0) {
    const why =
      reward === undefined ? 'has no reward' : `has the reward ${reward.metric}, which follows from the traffic`;
    throw new CommandError('usage', `${flags.file} ${why}: leave out --reward`);
  }
  const unrewarded = [baseline.name, ...names].filter((name) => valueFor(name, flags.reward) === undefined);
  if (isDrawn && unrewarded.length > 0) {
    throw new CommandError(
      'usage',
      `give --reward NAME=VALUE, the mean of ${reward.metric}, for ${unrewarded.join(', ')}`,
    );
  }
}

function requireKnown(names: readonly string[], given: readonly OfVersion[], file: string): void {
  const stranger = given.find(({ name }) => name !== undefined && !names.includes(name));
  if (stranger === undefined) return;
  throw new CommandError('usage', `${file} has ${names.join(', ')}, got a value of ${stranger.name}`);
}

/** What was said last of this version, else of all. */
function valueFor(version: string, given: readonly OfVersion[]): number | undefined {
  const own = given.findLast(({ name }) => name === version) ?? given.findLast(({ name }) => name === undefined);
  return own?.value;
}

/** The experiment with the correlation of errors that the baseline's history would show. */
function learned(experiment: Experiment, correlation: number): Experiment {
  const correlations = experiment.objectives.map(({ metric }) => (metric === 'error-rate' ? correlation : null));
  return { ...experiment, correlations };
}

interface SimulatedVersions {
  readonly baseline: SimulatedVersion;
  readonly candidates: readonly SimulatedVersion[];
}

function simulatedVersions({ baseline, candidates }: Experiment, flags: SimulateFlags): SimulatedVersions {
  const { correlation, baselineErrorRate } = flags;
  const usual = latencyByTail(flags.baselineTailMs ?? 50);
  const reward = (name: string) => defined({ reward: valueFor(name, flags.reward) });
  return {
    baseline: { errorRate: baselineErrorRate, correlation, latency: bucketed(usual), ...reward(baseline.name) },
    candidates: candidates.map(({ name }) => {
      const errorRate = valueFor(name, flags.candidateErrorRate) ?? 0;
      return { errorRate, correlation, latency: bucketed(latencyFor(name, flags) ?? usual), ...reward(name) };
    }),
  };
}

function latencyFor(name: string, flags: SimulateFlags): LatencyModel | undefined {
  const tailMs = valueFor(name, flags.candidateTailMs);
  if (tailMs !== undefined) return latencyByTail(tailMs);
  const meanMs = valueFor(name, flags.candidateMeanMs);
  return meanMs === undefined ? undefined : latencyByMean(meanMs);
}

const barWidth = 40;

function headline(
  { candidates }: Experiment,
  simulated: readonly SimulatedVersion[],
  { runs, rps }: SimulateFlags,
): string {
  const errors = candidates.map(({ name }, index) => {
    const share = Number((100 * Number(simulated[index]?.errorRate)).toFixed(4));
    return `${share} % errors of ${candidates.length === 1 ? 'the candidate' : name}`;
  });
  return `${runs} runs at ${rps} requests a second, ${errors.join(', ')}`;
}

interface PictureSettings {
  readonly runs: number;
  /** The number of candidates. */
  readonly count: number;
}

function picture(summary: Summary, { runs, count }: PictureSettings, style: Style): readonly string[] {
  const { promoted, rolledBack, undecided, timeToDecisionMs, badRequests, candidateRequests } = summary;
  const rows = [
    ['promoted', promoted, 'green'],
    ['rolled back by verdict', rolledBack, 'red'],
    ['undecided', undecided, 'yellow'],
  ] as const;
  const standardError = (50 / Math.sqrt(runs)).toFixed(1);
  return [
    formatColumns(
      rows.map(([name, percent, format]) => [
        name,
        bar(percent, barWidth, { style, format }),
        `${percent.toFixed(1)} %`,
      ]),
    ),
    '',
    `time to decision     median ${formatDuration(timeToDecisionMs.median)}, 95 % within ${formatDuration(timeToDecisionMs.p95)}`,
    `bad requests served  mean ${badRequests.mean.toFixed(1)}, 95 % at most ${badRequests.p95}; of ${Math.round(candidateRequests.mean)} to the ${count === 1 ? 'candidate' : 'candidates'}`,
    `each share is exact to about ${standardError} points (one standard error, at most)`,
  ];
}

/** What became of each candidate; one that was eliminated was decided about before the run ended. */
function candidateTable(candidates: readonly CandidateSummary[]): string {
  const percent = (value: number): string => `${value.toFixed(1)} %`;
  const rows = candidates.map(({ name, promoted, rolledBack, lost, undecided, timeToDecisionMs, badRequests }) => [
    name,
    ...[promoted, rolledBack, lost, undecided].map(percent),
    formatDuration(timeToDecisionMs.median),
    formatDuration(timeToDecisionMs.p95),
    badRequests.mean.toFixed(1),
  ]);
  const shares = ['PROMOTED', 'FAILED', 'LOST', 'UNDECIDED'];
  return formatColumns([['CANDIDATE', ...shares, 'MEDIAN TIME', '95 % WITHIN', 'BAD REQUESTS'], ...rows]);
}
