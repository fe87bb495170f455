import { cancellationSignal } from '@temporalio/activity';
import type { Experiment, ObjectName, Version } from '../../core/experiment.ts';
import { isJsonObject } from '../../core/json.ts';
import type { ExecTask } from '../../core/task.ts';
import { isApply, mayDeploy, mayRunFor, renderArgs } from '../../core/task.ts';
import { versionsOf } from '../../core/versions.ts';
import { rehearseApply } from '../commands/rehearse-apply.ts';
import type { Cluster } from '../knative/cluster.ts';
import { compareTemplate } from '../knative/compare-template.ts';
import type { KnativeService } from '../knative/objects.ts';

export interface ApplyDependencies {
  readonly cluster: Pick<Cluster, 'readRevision'>;
  readonly environment: Readonly<Record<string, string>>;
}

/** Everything about the `kubectl apply` finish actions that would keep one of the winners from being deployed as judged. */
export async function applyProblems(
  dependencies: ApplyDependencies,
  experiment: Experiment,
): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const winner of versionsOf(experiment)) {
    for (const task of rehearsable(experiment, winner)) {
      const found = await problemsOf(dependencies, task, { winner, target: experiment.target });
      problems.push(...found.map((problem) => `for ${winner.name}: ${problem}`));
    }
  }
  return problems;
}

/** Those that stand alone: what another command did before them might be what they apply. */
function rehearsable({ finish, baseline }: Experiment, winner: Version): readonly ExecTask[] {
  const deploying = finish
    .filter(mayDeploy)
    .filter((task) => mayRunFor(task, { isBaseline: winner.name === baseline.name }));
  const end = deploying.findIndex((task) => !isApply(task));
  return deploying.slice(0, end === -1 ? undefined : end).filter(isApply);
}

interface Promotion {
  readonly winner: Version;
  readonly target: ObjectName;
}

async function problemsOf(
  { cluster, environment }: ApplyDependencies,
  task: ExecTask,
  { winner, target }: Promotion,
): Promise<readonly string[]> {
  const rendered = renderArgs(task, winner);
  if (rendered.kind === 'invalid') return [rendered.problem];
  const rehearsal = await rehearseApply({ args: rendered.args, environment, signal: cancellationSignal() });
  if (rehearsal.kind === 'refused') return [rehearsal.problem];
  const service = rehearsal.objects.find((object) => isTarget(object, target));
  if (service === undefined) return [];
  const judged = await cluster.readRevision({ namespace: target.namespace, name: winner.revision });
  if (judged === undefined) return [`revision ${winner.revision}, which was judged, does not exist any more`];
  // The API server has just answered it.
  return compareTemplate(service as KnativeService, judged, remedyFor(winner));
}

function remedyFor({ revision }: Version): string {
  return `set spec.template.metadata.name to ${revision} in what is applied`;
}

function isTarget(object: object, { namespace, name }: ObjectName): boolean {
  const { apiVersion, kind, metadata }: { apiVersion?: unknown; kind?: unknown; metadata?: unknown } = object;
  if (kind !== 'Service' || typeof apiVersion !== 'string' || !isJsonObject(metadata)) return false;
  return (
    apiVersion.startsWith('serving.knative.dev/') && metadata['name'] === name && metadata['namespace'] === namespace
  );
}
