import { defined } from '../text/defined.ts';
import { formatFlag, hasFlag, lastValue, oversizedArgument, readCommandLine } from './flags.ts';
import type { CommandRefusal, Flag, Placed } from './flags.ts';
import { chartNameProblem, isRegistryUrl, releaseLabelsProblem, releaseNameProblem } from './helm-names.ts';
import { helmFlags } from './helm-flags.ts';

/** Where a chart comes from. */
export type ChartSource =
  /** An archive at an http or https URL. */
  | { readonly kind: 'archive'; readonly url: string }
  /** A chart of a repository at an http or https URL; a version may be a range, absent: the latest. */
  | {
      readonly kind: 'repository';
      readonly url: string;
      readonly name: string;
      readonly version?: string;
      /** Whether versions such as `1.0.0-rc.1` are taken too. */
      readonly isDevel: boolean;
    }
  /** A chart of an OCI registry, `oci://host/path`. */
  | { readonly kind: 'oci'; readonly url: string; readonly version?: string };

/** A `helm upgrade` as its arguments ask for it. */
export interface HelmUpgrade {
  readonly release: string;
  readonly chart: ChartSource;
  /** URLs of values files; a later one wins. */
  readonly values: readonly string[];
  /** Absent when the arguments name none; helm would then take the one of its kubeconfig. */
  readonly namespace?: string;
  /** How long one helm operation may wait, ms: a pending release younger than this may still be at work. */
  readonly timeoutMs: number;
  /** `--atomic`: on failure helm goes back to its previous revision by itself, with the traffic that it rendered. */
  readonly isAtomic: boolean;
  /** `--install`: helm would make the release when it is missing. */
  readonly installs: boolean;
  /** The flags that are passed on, those above with a place of their own excepted. */
  readonly flags: readonly Flag[];
}

/** A helm command that serin can run, or why it cannot. */
export type HelmCommand =
  { readonly kind: 'upgrade'; readonly upgrade: HelmUpgrade } | ({ readonly kind: 'unsupported' } & CommandRefusal);

/** Helm's own default of `--timeout`. */
const helmTimeoutMs = 5 * 60_000;

/** Flags that have a place of their own in `HelmUpgrade`, or that serin sets itself. */
const placed: ReadonlySet<string> = new Set(['--namespace', '--values', '--repo', '--version', '--devel', '--output']);

/** Reads the arguments of `helm` by a closed grammar; anything but an upgrade that changes the release is unsupported. */
export function parseHelmCommand(args: readonly string[]): HelmCommand {
  const tooLong = oversizedArgument(args, 'put it into a values file');
  if (tooLong !== undefined) return unsupported(tooLong);
  const words = readCommandLine(args, helmFlags);
  if (words.kind === 'refused') return unsupported(words);
  const names = readNames(words.positional);
  if ('problem' in names) return unsupported(names);
  const problem = findChartProblem(names.chart, words.flags) ?? findFlagProblem(words.flags);
  if (problem !== undefined) return unsupported(problem);
  const flags = words.flags.map(({ said }) => said);
  return { kind: 'upgrade', upgrade: makeUpgrade(names, flags) };
}

interface UpgradeNames {
  readonly release: Placed<string>;
  readonly chart: Placed<string>;
}

function readNames(positional: readonly Placed<string>[]): UpgradeNames | CommandRefusal {
  const [subcommand, release, chart, ...rest] = positional;
  if (subcommand?.said !== 'upgrade') {
    return at(subcommand, `only \`helm upgrade\` is supported, not \`helm ${subcommand?.said ?? ''}\``);
  }
  if (release === undefined || chart === undefined || rest.length > 0) {
    return at(rest[0], `\`helm upgrade\` takes a release and a chart, not ${positional.length - 1} arguments`);
  }
  const problem = releaseNameProblem(release.said);
  return problem === undefined ? { release, chart } : at(release, problem);
}

function findChartProblem(chart: Placed<string>, given: readonly Placed<Flag>[]): CommandRefusal | undefined {
  const repository = given.findLast(({ said }) => said.name === '--repo');
  if (repository === undefined) {
    if (mayBeUrl(chart.said) || isRegistryUrl(chart.said)) return undefined;
    return at(
      chart,
      `the chart must come by http://, https:// or oci://, or by its name with --repo; got ${chart.said}`,
    );
  }
  const { value: url = '' } = repository.said;
  if (!mayBeUrl(url)) return at(repository, `--repo: expected an http or https URL, got ${url}`);
  const problem = chartNameProblem(chart.said);
  return problem === undefined ? undefined : at(chart, problem);
}

function findFlagProblem(given: readonly Placed<Flag>[]): CommandRefusal | undefined {
  for (const { said, index } of given) {
    const { name, value = '' } = said;
    const strange = name === '--values' ? value.split(',').find((url) => !mayBeUrl(url)) : undefined;
    if (strange !== undefined) return { problem: `--values: expected an http or https URL, got ${strange}`, index };
    if (name === '--timeout' && parseGoDuration(value) === undefined) {
      return { problem: '--timeout: expected a duration such as 5m0s', index };
    }
    const labels = name === '--labels' ? releaseLabelsProblem(value) : undefined;
    if (labels !== undefined) return { problem: labels, index };
  }
  return undefined;
}

function makeUpgrade({ release, chart }: UpgradeNames, flags: readonly Flag[]): HelmUpgrade {
  return {
    release: release.said,
    chart: chartSource(chart.said, flags),
    values: flags.flatMap(({ name, value = '' }) => (name === '--values' ? value.split(',') : [])),
    timeoutMs: parseGoDuration(lastValue(flags, '--timeout') ?? '') ?? helmTimeoutMs,
    isAtomic: hasFlag(flags, '--atomic'),
    installs: hasFlag(flags, '--install'),
    flags: flags.filter(({ name }) => !placed.has(name)),
    ...defined({ namespace: lastValue(flags, '--namespace') }),
  };
}

function chartSource(chart: string, flags: readonly Flag[]): ChartSource {
  const version = defined({ version: lastValue(flags, '--version') });
  const repository = lastValue(flags, '--repo');
  if (repository !== undefined) {
    return { kind: 'repository', url: repository, name: chart, ...version, isDevel: hasFlag(flags, '--devel') };
  }
  return chart.startsWith('oci://') ? { kind: 'oci', url: chart, ...version } : { kind: 'archive', url: chart };
}

/** Whether it is an http or https URL, as far as can be told: the beginning of a template is filled in later. */
function mayBeUrl(text: string): boolean {
  return /^https?:\/\/|^\{\{/.test(text);
}

/** The files that serin has downloaded for an upgrade. */
export interface UpgradeFiles {
  readonly chart: string;
  readonly values: readonly string[];
}

/**
 * A schema of a chart's values may name others by any address, of the worker's files too, and helm would read them: so it reads none. What
 * is wrong with the values shows when the chart is rendered.
 */
const withoutSchemas: Flag = { name: '--skip-schema-validation' };

/** The arguments that helm runs with: built anew, each flag in one word, the names after all flags. */
export function upgradeArguments(
  { release, flags }: HelmUpgrade,
  { namespace, files }: { readonly namespace: string; readonly files: UpgradeFiles },
): readonly string[] {
  const values = files.values.map((value): Flag => ({ name: '--values', value }));
  const others = flags.filter(({ name }) => name !== withoutSchemas.name);
  const all = [{ name: '--namespace', value: namespace }, withoutSchemas, ...values, ...others];
  return ['upgrade', ...all.map(formatFlag), '--', release, files.chart];
}

/** The arguments as people would give them to helm, in `namespace` unless the upgrade names one. */
export function shownArguments(upgrade: HelmUpgrade, namespace?: string): readonly string[] {
  const { release, chart, values, flags } = upgrade;
  const place = upgrade.namespace ?? namespace;
  const all: Flag[] = [
    ...sourceFlags(chart),
    ...values.map((value) => ({ name: '--values', value })),
    ...flags,
    ...(place === undefined ? [] : [{ name: '--namespace', value: place }]),
  ];
  return ['upgrade', release, chart.kind === 'repository' ? chart.name : chart.url, ...all.map(formatFlag)];
}

function sourceFlags(chart: ChartSource): readonly Flag[] {
  if (chart.kind === 'archive') return [];
  const { version } = chart;
  return [
    ...(chart.kind === 'repository' ? [{ name: '--repo', value: chart.url }] : []),
    ...(version === undefined ? [] : [{ name: '--version', value: version }]),
    ...(chart.kind === 'repository' && chart.isDevel ? [{ name: '--devel' }] : []),
  ];
}

const unitMs: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 1e-3,
  µs: 1e-3,
  ns: 1e-6,
};

/** A duration as Go writes it, `1h2m3.5s`, in ms. */
function parseGoDuration(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(h|m|s|ms|us|µs|ns))+$/.test(text)) return text === '0' ? 0 : undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|us|µs|ns|h|m|s)/g)) {
    total += Number(amount) * (unitMs[unit ?? ''] ?? 0);
  }
  return Math.round(total);
}

function at(word: Placed<unknown> | undefined, problem: string): CommandRefusal {
  return word === undefined ? { problem } : { problem, index: word.index };
}

function unsupported({ problem, index }: CommandRefusal): HelmCommand {
  return { kind: 'unsupported', problem, ...defined({ index }) };
}
