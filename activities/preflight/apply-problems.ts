import { cancellationSignal } from '@temporalio/activity';
import { formatObjectName } from '../../core/experiment/experiment.ts';
import type { Experiment, ObjectName, Version } from '../../core/experiment/experiment.ts';
import { isJsonObject } from '../../core/text/json.ts';
import { lastAppliedAnnotation } from '../../core/traffic/target.ts';
import { mayRepeatRevision, rehearsableApplies, possibleWinners } from '../../core/tasks/rehearsal.ts';
import { listWinnerProblems } from '../../core/tasks/winner-problems.ts';
import type { WinnerProblem } from '../../core/tasks/winner-problems.ts';
import { describeRefusal } from '../../core/tasks/flags.ts';
import { parseKubectlCommand } from '../../core/tasks/kubectl-command.ts';
import { renderArgs } from '../../core/tasks/task.ts';
import type { ExecTask } from '../../core/tasks/task.ts';
import type { KubectlAccess } from '../commands/kubectl.ts';
import { rehearseApply } from '../commands/rehearse-apply.ts';
import { compareTraffic } from '../helm/rendered-service.ts';
import { readWithinLimits } from '../read-within-limits.ts';
import type { ActivityCluster } from '../knative/cluster.ts';
import { compareTemplate, keepsRevision } from '../knative/compare-template.ts';
import type { KnativeService } from '../../kubernetes/knative/objects.ts';

export interface ApplyDependencies extends KubectlAccess {
  readonly cluster: Pick<ActivityCluster, 'readRevision' | 'readService' | 'isReady'>;
}

export interface ApplyProblems {
  readonly problems: readonly string[];
  /** What only the promotion itself can show. */
  readonly warnings: readonly string[];
}

/** The limit of all rehearsals together; an attempt of the preflight has twice as long. */
const allRehearsalsMs = 60_000;

/** Everything about the `kubectl apply` finish actions that would keep one of the winners from being deployed as judged. */
export async function applyProblems(dependencies: ApplyDependencies, experiment: Experiment): Promise<ApplyProblems> {
  const problems: WinnerProblem[] = [];
  const warnings: WinnerProblem[] = [];
  const endsAtMs = performance.now() + allRehearsalsMs;
  for (const winner of possibleWinners(experiment)) {
    for (const task of rehearsableApplies(experiment, winner)) {
      const found = await rehearse(dependencies, task, { winner, experiment, endsAtMs });
      const ofWinner = (problem: string): WinnerProblem => ({ winner: winner.name, problem });
      problems.push(...found.problems.map(ofWinner));
      warnings.push(...found.warnings.map(ofWinner));
    }
  }
  return { problems: listWinnerProblems(problems), warnings: listWinnerProblems(warnings) };
}

interface Promotion {
  readonly winner: Version;
  readonly experiment: Experiment;
  /** By `performance.now()`. */
  readonly endsAtMs: number;
}

async function rehearse(
  { cluster, ...access }: ApplyDependencies,
  task: ExecTask,
  promotion: Promotion,
): Promise<ApplyProblems> {
  const rendered = renderArgs(task, promotion.winner);
  if (rendered.kind === 'invalid') return { problems: [rendered.problem], warnings: [] };
  const parsed = parseKubectlCommand(rendered.args);
  if (parsed.kind === 'unsupported') return { problems: [describeRefusal(parsed)], warnings: [] };
  const { isReady: isApiReady } = cluster;
  const { namespace } = promotion.experiment;
  const limitMs = promotion.endsAtMs - performance.now();
  const rehearsal = await rehearseApply({
    call: parsed.call,
    args: rendered.args,
    namespace,
    access,
    limitMs,
    isApiReady,
    signal: cancellationSignal(),
  });
  if (rehearsal.kind === 'unknown') return { problems: [], warnings: [`not rehearsed: ${rehearsal.reason}`] };
  if (rehearsal.kind === 'refused') return { problems: [rehearsal.problem], warnings: [] };
  const service = rehearsal.objects.find((object) => isService(object, promotion.experiment.target));
  if (service === undefined) return { problems: [], warnings: [] };
  // The API server has just answered it.
  const problems = await differences(cluster, service as KnativeService, { ...promotion, args: rendered.args });
  return { problems, warnings: [] };
}

function isService(object: object, { namespace, name }: ObjectName): boolean {
  const { apiVersion, kind, metadata }: { apiVersion?: unknown; kind?: unknown; metadata?: unknown } = object;
  if (kind !== 'Service' || typeof apiVersion !== 'string' || !isJsonObject(metadata)) return false;
  return (
    apiVersion.startsWith('serving.knative.dev/') && metadata['name'] === name && metadata['namespace'] === namespace
  );
}

/** All differences between the target after the apply and what was judged, as sentences. */
async function differences(
  cluster: ApplyDependencies['cluster'],
  service: KnativeService,
  { winner, experiment, args }: Promotion & { readonly args: readonly string[] },
): Promise<readonly string[]> {
  const { target } = experiment;
  const { revision } = winner;
  const [live, judged] = await Promise.all([
    cluster.readService(target),
    cluster.readRevision({ namespace: target.namespace, name: revision }),
  ]);
  if (live === undefined) return [`Knative Service ${formatObjectName(target)} does not exist any more`];
  if (judged === undefined) return [`revision ${revision}, which was judged, does not exist any more`];
  const name = `Knative Service ${formatObjectName(target)}`;
  const isKept = keepsRevision(service, live, revision);
  const applied = { ...(await appliedService(service, args)), ...(isKept ? { revision } : {}) };
  const traffic = compareTraffic(applied, name, revision);
  const remedy = `set spec.template.metadata.name to ${revision} in what is applied`;
  const mayRepeat = mayRepeatRevision(experiment, winner);
  const template = isKept ? [] : compareTemplate({ service, live, judged, mayRepeat, remedy });
  return [...template, ...traffic];
}

/** The service of the manifest itself, from the annotation that kubectl keeps; empty for a server-side apply, which keeps none. */
async function appliedService(
  { metadata: { annotations } }: KnativeService,
  args: readonly string[],
): Promise<Parameters<typeof compareTraffic>[0]> {
  if (args.some((arg) => arg === '--server-side' || arg === '--server-side=true')) return {};
  const applied = annotations?.[lastAppliedAnnotation] ?? '';
  const [first] = await readWithinLimits('what kubectl applied last', 'readRenderedServices', applied);
  return first ?? {};
}
