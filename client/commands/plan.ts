import { distinctSteps, forecast } from '../../core/offline/forecast.ts';
import type { Forecast, ObjectiveForecast, PassForecast, Surroundings } from '../../core/offline/forecast.ts';
import { formatObjective } from '../../core/report/describe-assessment.ts';
import { defined } from '../../core/text/defined.ts';
import { formatDuration } from '../../core/text/duration.ts';
import { formatObjectName } from '../../core/experiment/experiment.ts';
import type { Experiment } from '../../core/experiment/experiment.ts';
import { movesTraffic, versionsText } from '../../core/experiment/versions.ts';
import { formatOpening } from '../../core/experiment/calendar.ts';
import { findOpening } from '../../formats/calendar/closure.ts';
import { shownEndpoint } from '../../metrics/prometheus/access.ts';
import { readHistory, toSurroundings } from '../../metrics/prometheus/history.ts';
import type { CommandContext, CommandResult } from '../context.ts';
import { remark, say } from '../context.ts';
import { CommandError } from '../errors.ts';
import { readManifestFile } from '../files/manifest.ts';
import { readPrometheusPlace } from '../files/prometheus-place.ts';
import type { PrometheusFlags } from '../files/prometheus-place.ts';
import { formatColumns } from '../render/columns.ts';

export interface PlanFlags extends PrometheusFlags {
  readonly file: string;
  /** Requests a second to all versions together; read from Prometheus if absent. */
  readonly rps?: number;
  /** The weight of each candidate under FixedSplit, percent. */
  readonly weight?: number;
  readonly scrapeIntervalMs: number;
}

/**
 * `serin plan -f FILE`: forecasts the steps and the duration of a run, and what a verdict needs. Exit code 1 when the
 * schedule cannot bring a verdict.
 */
export async function planCommand(context: CommandContext, flags: PlanFlags): Promise<CommandResult> {
  const { experiment, warnings } = await readManifestFile(context.terminal, flags.file);
  remark(context, ...warnings.map((warning) => `warning: ${warning}`));
  checkWeight(experiment, flags.weight);
  const surroundings = await askedSurroundings(context, experiment, flags);
  const forecasted = forecast(experiment, surroundings);
  say(context, ...headline(experiment, surroundings, forecasted), '', ...timeline(experiment, forecasted), '');
  if (forecasted.objectives.length > 0) say(context, ...objectiveLines(forecasted), '');
  const opening = experiment.calendar && findOpening(experiment.calendar, Date.now());
  if (opening !== undefined) say(context, `its calendar: ${formatOpening(opening)}`);
  say(context, ...forecasted.warnings.map((warning) => `warning: ${warning}`));
  const shown = {
    ...surroundingsShown(surroundings),
    ...forecasted,
    ...defined({ calendar: opening }),
    warnings: [...warnings, ...forecasted.warnings],
  };
  return { exitCode: forecasted.canPass ? 0 : 1, json: shown };
}

async function askedSurroundings(
  context: CommandContext,
  experiment: Experiment,
  { rps, weight, scrapeIntervalMs, ...flags }: PlanFlags,
): Promise<Surroundings> {
  const given = defined({ requestsPerSecond: rps, candidateWeight: weight });
  const reading = readPrometheusPlace(flags);
  if (reading.kind === 'problems') throw new CommandError('usage', reading.problems.join('\n'));
  if (reading.kind === 'none') return given;
  const { place } = reading;
  const prometheus = shownEndpoint(place);
  const signal = context.terminal.interrupted;
  const history = await readHistory({ ...place, experiment, nowMs: Date.now(), signal });
  const { intervals, unread } = history;
  if (unread !== undefined) {
    const problem = `the traffic cannot be read from ${prometheus}: ${unread}`;
    if (rps === undefined) throw new CommandError('unreachable', `${problem}; check --prometheus, or give --rps`);
    remark(context, problem);
  } else if (intervals === 0) {
    remark(context, `Prometheus at ${prometheus} knows no requests of ${experiment.baseline.revision}`);
  }
  return { ...toSurroundings(history), scrapeIntervalMs, ...given };
}

function surroundingsShown({ requestsPerSecond }: Surroundings): { readonly requestsPerSecond?: number } {
  return defined({ requestsPerSecond });
}

function headline(experiment: Experiment, { requestsPerSecond }: Surroundings, { load }: Forecast): readonly string[] {
  const { target } = experiment;
  const { method, falsePass } = experiment.analysis;
  const confidence = method === 'sequential' ? `, confidence ${Number((100 * (1 - falsePass)).toFixed(3))} %` : '';
  const traffic =
    requestsPerSecond === undefined
      ? 'traffic not known; --rps or --prometheus says it'
      : `${Number(requestsPerSecond.toFixed(1))} requests a second`;
  const shown = load === undefined ? traffic : loadText(load);
  return [`${formatObjectName(target)}: ${versionsText(experiment)}, ${method}${confidence}`, shown];
}

function loadText({ atStart, perLoop }: NonNullable<Forecast['load']>): string {
  return `metrics/collect counts ${atStart} requests of its own at the start and ${perLoop} after each loop; those of users do not count`;
}

/** The forecast steps as a table, without those that repeat the weight before. */
function timeline(experiment: Experiment, { steps, leading, shortestMs, longestMs }: Forecast): readonly string[] {
  const columns = versionColumns(experiment);
  const rows = distinctSteps(steps).map(({ atMs, weight, candidateRequests = '-' }) => {
    return [formatDuration(atMs), ...columns.weights(weight), String(candidateRequests)];
  });
  const count = `${experiment.iterations} iterations of ${formatDuration(experiment.intervalMs)}`;
  const span =
    longestMs === shortestMs
      ? `at least ${formatDuration(shortestMs)}`
      : `${formatDuration(shortestMs)} to ${formatDuration(longestMs)}`;
  return [
    formatColumns([['FROM', ...columns.names, columns.requests], ...rows]),
    '',
    ...(leading === undefined ? [] : [leadingText(experiment, leading)]),
    `${count}: ${span}; a bad candidate ends it sooner`,
  ];
}

interface VersionColumns {
  readonly names: readonly string[];
  readonly weights: (each: number) => readonly string[];
  readonly requests: string;
}

/** The columns of the versions: of several candidates all, with the baseline. */
function versionColumns(experiment: Experiment): VersionColumns {
  const { baseline, candidates } = experiment;
  if (candidates.length <= 1) {
    const name = movesTraffic(experiment) ? 'CANDIDATE' : 'VERSION';
    return { names: [name], weights: (each) => [`${each} %`], requests: 'ITS REQUESTS SO FAR' };
  }
  const count = candidates.length;
  return {
    names: [baseline, ...candidates].map(({ name }) => name),
    weights: (each) => [100 - count * each, ...candidates.map(() => each)].map((weight) => `${weight} %`),
    requests: 'REQUESTS OF EACH CANDIDATE SO FAR',
  };
}

function leadingText({ candidates }: Experiment, { leader, others }: NonNullable<Forecast['leading']>): string {
  const rest = candidates.length === 1 ? '' : `, the others keep ${others} %`;
  return `a candidate that leads by its reward climbs on to ${leader} %${rest}`;
}

/** Fails with `usage` where candidates of this weight would have more than all the traffic. */
export function checkWeight({ candidates }: Experiment, weight: number | undefined): void {
  if (weight === undefined || weight * candidates.length <= 100) return;
  const most = Math.floor(100 / candidates.length);
  throw new CommandError(
    'usage',
    `--weight is that of each candidate: at most ${most} for ${candidates.length} of them`,
  );
}

function objectiveLines({ objectives }: Forecast): readonly string[] {
  const rows = objectives.map(({ objective, atBest, halfway }: ObjectiveForecast) => [
    formatObjective(objective),
    forecastText(atBest),
    forecastText(halfway),
  ]);
  return [formatColumns([['OBJECTIVE', 'PASSES AT BEST AFTER', 'AT HALF THE LIMIT'], ...rows])];
}

function forecastText({ requests, afterMs }: PassForecast): string {
  if (requests === undefined) return 'never';
  return afterMs === undefined ? `${requests} requests` : `${requests} requests, ${formatDuration(afterMs)}`;
}
