import { parseHelmCommand } from '../../core/tasks/helm-command.ts';
import type { Experiment, ObjectName } from '../../core/experiment/experiment.ts';
import type { CommandContext, CommandResult } from '../context.ts';
import { say } from '../context.ts';
import { connectDoctorCluster } from '../doctor/cluster.ts';
import type { DoctorCluster } from '../doctor/cluster.ts';
import { failFinding, failureText, okFinding, warnFinding } from '../doctor/finding.ts';
import type { Finding } from '../doctor/finding.ts';
import { checkKubernetes } from '../doctor/kubernetes.ts';
import { checkPrometheus } from '../doctor/prometheus.ts';
import { checkTargets } from '../doctor/targets.ts';
import { checkTemporal } from '../doctor/temporal.ts';
import { readManifestFile } from '../files/manifest.ts';
import { readPrometheusPlace } from '../files/prometheus-place.ts';
import type { PrometheusFlags } from '../files/prometheus-place.ts';
import type { KnativeService } from '../../kubernetes/knative/objects.ts';
import type { KubernetesFlags } from '../../kubernetes/kubeconfig.ts';
import { accountUser } from '../../kubernetes/account.ts';
import { formatFindings } from '../render/findings.ts';
import { parseTarget } from './restore.ts';
import { defined } from '../../core/text/defined.ts';

/** Without the URL of Prometheus no metrics are checked. */
export interface DoctorFlags extends KubernetesFlags, PrometheusFlags {
  readonly taskQueue: string;
  /** `namespace/name`; without it, and without a manifest, all Knative Services. */
  readonly target?: string;
  /** A manifest, for its target and its release. */
  readonly file?: string;
  /** The user whose rights are checked, instead of the account `serin` of the experiment's namespace. */
  readonly as?: string;
}

/** What is checked. */
interface Scope {
  readonly target?: ObjectName;
  /** The experiment's namespace; without a manifest the target's. */
  readonly namespace?: string;
  readonly releaseNamespaces: readonly string[];
  /** Of the manifest; absent without one. */
  readonly manifest?: readonly Finding[];
}

/**
 * `serin doctor`: checks whether all that an experiment needs is in order, and prints a checklist. Exit code 1 when a check
 * fails.
 */
export async function doctorCommand(context: CommandContext, flags: DoctorFlags): Promise<CommandResult> {
  const scope = await readScope(context, flags);
  const areas = { ...defined({ Manifest: scope.manifest }), ...(await examine(context, flags, scope)) };
  say(context, formatFindings(areas, context.style));
  const isWell = !Object.values(areas).some((findings) => findings.some(({ state }) => state === 'fail'));
  return { exitCode: isWell ? 0 : 1, json: { ok: isWell, ...areas } };
}

/** The findings by area; without a kubeconfig that can be used there are none about targets. */
type Areas = Readonly<Record<'Temporal' | 'Kubernetes' | 'Prometheus', readonly Finding[]>> & {
  readonly Targets?: readonly Finding[];
};

const everything: Scope = { releaseNamespaces: [] };

/** Checks all, or what is in the scope. */
export async function examine(context: CommandContext, flags: DoctorFlags, scope: Scope = everything): Promise<Areas> {
  const temporal = checkTemporal(context.connection, flags.taskQueue);
  const cluster = connect(flags);
  if ('finding' in cluster) {
    const metrics = checkMetrics(context, flags, []);
    return { Temporal: await temporal, Kubernetes: [cluster.finding], Prometheus: await metrics };
  }
  const { target, namespace, releaseNamespaces } = scope;
  const kubernetes = checkKubernetes(cluster, {
    namespaces: target === undefined ? [] : [target.namespace],
    releaseNamespaces,
    ...defined({ user: flags.as, account: namespace && accountUser({ namespace, name: 'serin' }) }),
  });
  const services = await findServices(cluster, target);
  const found = services.kind === 'failed' ? [] : services.found;
  const targets = services.kind === 'failed' ? [services.finding] : await checkLeft(context, cluster, found);
  const metrics = await checkMetrics(context, flags, found);
  return { Temporal: await temporal, Kubernetes: await kubernetes, Prometheus: metrics, Targets: targets };
}

function connect(flags: DoctorFlags): DoctorCluster | { readonly finding: Finding } {
  try {
    return connectDoctorCluster(flags);
  } catch (error) {
    return {
      finding: failFinding(failureText(error), 'point --kubeconfig or KUBECONFIG, and --context, to the cluster'),
    };
  }
}

async function readScope({ terminal }: CommandContext, { file, target }: DoctorFlags): Promise<Scope> {
  const named = target === undefined ? undefined : parseTarget(target);
  if (file === undefined) {
    if (named === undefined) return everything;
    return { target: named, namespace: named.namespace, releaseNamespaces: [named.namespace] };
  }
  const { experiment, warnings, file: read } = await readManifestFile(terminal, file);
  const releaseNamespaces = findReleaseNamespaces(experiment);
  const manifest = manifestFindings(read.name, warnings);
  return { target: named ?? experiment.target, namespace: experiment.namespace, releaseNamespaces, manifest };
}

/** What `serin lint` says of the manifest. */
function manifestFindings(name: string, warnings: readonly string[]): readonly Finding[] {
  if (warnings.length === 0) return [okFinding(`${name} can be used`)];
  return warnings.map((warning) => warnFinding(warning, `correct it in ${name}, unless it is meant`));
}

/** The namespaces of the finish action's helm upgrades; without `--namespace` helm runs in the target's namespace. */
function findReleaseNamespaces({ finish, target }: Experiment): readonly string[] {
  const namespaces = finish.flatMap((task) => {
    const command = task.kind === 'exec' && task.command === 'helm' ? parseHelmCommand(task.args) : undefined;
    return command?.kind === 'upgrade' ? [command.upgrade.namespace ?? target.namespace] : [];
  });
  return [...new Set(namespaces)];
}

type Services =
  | { readonly kind: 'found'; readonly found: readonly KnativeService[] }
  | { readonly kind: 'failed'; readonly finding: Finding };

async function findServices(cluster: DoctorCluster, target: ObjectName | undefined): Promise<Services> {
  try {
    return { kind: 'found', found: await cluster.services(target) };
  } catch (error) {
    const remedy = 'check the name, and your own rights to read Knative Services; --target looks at one alone';
    return { kind: 'failed', finding: failFinding(failureText(error), remedy) };
  }
}

async function checkLeft(
  { connection, program }: CommandContext,
  cluster: DoctorCluster,
  services: readonly KnativeService[],
): Promise<readonly Finding[]> {
  const [only, other] = new Set(services.map(({ metadata }) => metadata.namespace));
  try {
    const leases = await cluster.leases(other === undefined ? only : undefined);
    return await checkTargets({ services, leases, connection, program });
  } catch (error) {
    return [
      failFinding(failureText(error), 'check your own rights to list Leases; --target looks in one namespace alone'),
    ];
  }
}

async function checkMetrics(
  { terminal }: CommandContext,
  flags: DoctorFlags,
  services: readonly KnativeService[],
): Promise<readonly Finding[]> {
  const reading = readPrometheusPlace(flags);
  switch (reading.kind) {
    case 'none':
      return [warnFinding('nobody has said where Prometheus is', 'give --prometheus, or set SERIN_PROMETHEUS_URL')];
    case 'problems':
      return reading.problems.map((problem) => failFinding(problem, 'docs/worker-settings.md lists the settings'));
    case 'place':
      return checkPrometheus({ ...reading.place, services, signal: terminal.interrupted });
  }
}
