import { readFile } from 'node:fs/promises';
import { parseJson } from '../../core/text/json.ts';
import { cancellationSignal } from '@temporalio/activity';
import { shownArguments, upgradeArguments } from '../../core/tasks/helm-command.ts';
import type { HelmUpgrade } from '../../core/tasks/helm-command.ts';
import type { SourceDigests } from '../../core/text/source-digests.ts';
import type { CommandBounds } from '../commands/bounds.ts';
import { hasSucceeded } from '../commands/command-failure.ts';
import type { ChangingTexts } from '../../formats/chart-changes.ts';
import { formatCommand } from '../../core/tasks/redact.ts';
import { runProcess } from '../commands/run-process.ts';
import type { ProcessRequest, ProcessResult } from '../commands/run-process.ts';
import { failure } from '../failures.ts';
import { readWithinLimits } from '../read-within-limits.ts';
import { withUpgradeFiles } from './chart-files.ts';
import type { ChartDownloads } from './chart-files.ts';
import { helmFailure } from './helm-failure.ts';
import { readHooks } from './hooks.ts';
import type { ReleaseContent } from './release-content.ts';
import { recordBytes } from './release-record.ts';

/** A release by name, and the namespace that its records are in. */
export interface ReleaseName {
  readonly release: string;
  readonly namespace: string;
}

/** The newest revision of a release. */
export interface ReleaseState {
  readonly revision: number;
  /** `deployed`, `failed`, `pending-upgrade`, `pending-install`, `pending-rollback`, `superseded`, … */
  readonly status: string;
  readonly lastDeployedAtMs: number;
  readonly content: ReleaseContent;
}

/** What an upgrade would deploy. */
export interface RenderedRelease {
  readonly content: ReleaseContent;
  /** The bytes of the Secret in which helm would keep it. */
  readonly recordBytes: number;
}

/** Where an upgrade takes place, and what its downloads must be. */
export interface UpgradePlace {
  readonly namespace: string;
  readonly pins?: SourceDigests;
}

/** The helm program, as far as serin uses it. Commands end with the activity that runs them. */
export interface Helm {
  /** How long a helm that somebody else has started may be at work on a release that is pending. */
  readonly pendingLimitMs: number;
  /** `v3.22.0`. */
  readonly version: () => Promise<string>;
  /** Undefined when there is no such release. */
  readonly status: (name: ReleaseName) => Promise<ReleaseState | undefined>;
  /** The newest revision whose status is `deployed`: the next upgrade changes what differs from it. */
  readonly deployed: (name: ReleaseName) => Promise<ReleaseState | undefined>;
  /** The digests of what the upgrade downloads. */
  readonly digests: (upgrade: HelmUpgrade) => Promise<SourceDigests>;
  /** What the chart and its subcharts ask for that may be another when they are rendered later on. */
  readonly changing: (upgrade: HelmUpgrade, options: Pick<UpgradePlace, 'pins'>) => Promise<readonly ChangingTexts[]>;
  /** What the upgrade would deploy, rendered with what the API server offers; changes nothing, and asks no webhook. */
  readonly render: (upgrade: HelmUpgrade, options: UpgradePlace) => Promise<RenderedRelease>;
  /** Runs the upgrade; one that fails is a result too. */
  readonly upgrade: (upgrade: HelmUpgrade, options: UpgradePlace & { limitMs: number }) => Promise<ProcessResult>;
}

export interface HelmOptions {
  /** The program's path, or its name on the PATH of `environment`. */
  readonly path: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly bounds: CommandBounds;
  readonly pendingLimitMs: number;
  /** Whether the API server says that it is ready: until then it denies everything, and a denial means nothing. */
  readonly isApiReady: () => Promise<boolean>;
  readonly downloads: ChartDownloads;
}

/**
 * The limits of read-only commands: a slow chart repository is not a broken one, but the activity's time is limited. A rendered
 * release with its chart fits into an etcd object, 1.5 MiB compressed.
 */
const readLimits = { limitMs: 60_000, outputBytes: 64 * 1024 * 1024 } as const;

/** What makes an upgrade a rendering. */
export const dryRunFlags: readonly string[] = ['--dry-run=server', '--output=json'];

type RunOptions = Pick<ProcessRequest, 'limitMs' | 'outputBytes' | 'directory'>;

interface ShownArguments {
  /** The arguments as messages have them. */
  readonly shown?: readonly string[];
}

/** Connects to the helm program at `path`. */
export function connectHelm(options: HelmOptions): Helm {
  const { path, environment, bounds, pendingLimitMs, isApiReady, downloads } = options;
  const run = (args: readonly string[], changes: RunOptions): Promise<ProcessResult> => {
    return runProcess({ command: path, args, environment, bounds, signal: cancellationSignal(), ...changes });
  };

  /** Runs a read-only command, once more where it was denied a right. */
  async function runReadOnly(args: readonly string[], place: Pick<RunOptions, 'directory'>): Promise<ProcessResult> {
    const changes = { ...readLimits, ...place };
    const result = await run(args, changes);
    if (!isDenied(result)) return result;
    if (!(await isApiReady())) throw notReadyYet(args);
    return run(args, changes);
  }

  async function read(
    args: readonly string[],
    { shown = args, ...place }: Pick<RunOptions, 'directory'> & ShownArguments = {},
  ): Promise<string> {
    return requireOutput(shown, await runReadOnly(args, place));
  }

  return {
    pendingLimitMs,
    version: async () => (await read(['version', '--template', '{{.Version}}'])).trim(),
    status: async ({ release, namespace }) => {
      const args = ['status', release, '--namespace', namespace, '--output', 'json'];
      const result = await runReadOnly(args, {});
      if (result.stderr.includes('release: not found')) return undefined;
      return readState(parseRelease(args, requireOutput(args, result)));
    },
    deployed: async ({ release, namespace }) => {
      const place = [release, '--namespace', namespace, '--output', 'json'];
      const history = await read(['history', ...place]);
      const revision = lastDeployed(parseJson(history));
      if (revision === undefined) return undefined;
      const args = ['status', ...place, '--revision', String(revision)];
      return readState(parseRelease(args, await read(args)));
    },
    changing: (upgrade, pinned) =>
      withUpgradeFiles(downloads, { upgrade: { ...upgrade, values: [] }, ...pinned }, async ({ chart }) => {
        return readWithinLimits('the chart', 'findChangingTexts', await readFile(chart, 'base64'));
      }),
    digests: (upgrade) => withUpgradeFiles(downloads, { upgrade }, async (_, digests) => digests),
    render: (upgrade, { namespace, ...pinned }) =>
      withUpgradeFiles(downloads, { upgrade, ...pinned }, async ({ directory, ...files }) => {
        const [subcommand = '', ...rest] = upgradeArguments(upgrade, { namespace, files });
        const args = [subcommand, ...dryRunFlags, ...rest];
        const shown = [...shownArguments(upgrade, namespace), ...dryRunFlags];
        const release = parseRelease(shown, await read(args, { shown, directory }));
        return {
          content: readContent(release),
          recordBytes: recordBytes(release),
        };
      }),
    upgrade: (upgrade, { namespace, limitMs, ...pinned }) =>
      withUpgradeFiles(downloads, { upgrade, ...pinned }, ({ directory, ...files }) => {
        return run(upgradeArguments(upgrade, { namespace, files }), { limitMs, directory });
      }),
  };
}

/** The standard output of a read-only command; fails with helm's message. */
function requireOutput(args: readonly string[], result: ProcessResult): string {
  if (hasSucceeded(result) && !result.isCut) return result.stdout;
  throw helmFailure({ args, result, limitMs: readLimits.limitMs });
}

function isDenied({ stderr }: ProcessResult): boolean {
  return stderr.includes('is forbidden: User');
}

function notReadyYet(args: readonly string[]): Error {
  const message = `${formatCommand('helm', args)}: the API server is not ready yet and denies everything`;
  return failure('KubernetesUnavailable', { message });
}

/** The parts of helm's release document (helm.sh/helm/v3/pkg/release) that serin reads. */
interface ReleaseDocument {
  readonly version: number;
  readonly info: { readonly status: string; readonly last_deployed: string };
  readonly config?: unknown;
  readonly manifest: string;
  readonly hooks?: unknown;
}

function parseRelease(args: readonly string[], stdout: string): ReleaseDocument {
  const document = parseJson(stdout);
  if (isReleaseDocument(document)) return document;
  const message = `${formatCommand('helm', args)} did not print a release as JSON: ${stdout.slice(0, 200)}`;
  throw failure('CommandFailed', { message });
}

/** The newest deployed revision in the output of `helm history`, an array of `{ revision, status, … }`, oldest first. */
function lastDeployed(history: unknown): number | undefined {
  const entries: readonly { revision?: unknown; status?: unknown }[] = Array.isArray(history) ? history : [];
  const revision = entries.findLast(({ status }) => status === 'deployed')?.revision;
  return typeof revision === 'number' ? revision : undefined;
}

function isReleaseDocument(document: unknown): document is ReleaseDocument {
  if (typeof document !== 'object' || document === null) return false;
  if (!('version' in document) || !('manifest' in document) || !('info' in document)) return false;
  return typeof document.manifest === 'string' && typeof document.info === 'object';
}

function readState({ version, info, ...content }: ReleaseDocument): ReleaseState {
  return {
    revision: version,
    status: info.status,
    lastDeployedAtMs: Date.parse(info.last_deployed),
    content: readContent(content),
  };
}

function readContent({
  config,
  manifest,
  hooks,
}: Pick<ReleaseDocument, 'config' | 'manifest' | 'hooks'>): ReleaseContent {
  return { manifest, config: config ?? {}, hooks: readHooks(hooks) };
}
