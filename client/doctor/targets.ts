import type { V1Lease } from '@kubernetes/client-node';
import { formatObjectName } from '../../core/experiment/experiment.ts';
import type { ObjectName } from '../../core/experiment/experiment.ts';
import type { LeaseHolder } from '../../core/traffic/lease.ts';
import { leaseName, planAnnotation } from '../../core/traffic/target.ts';
import { formatPercents, percentsByRevision } from '../../core/traffic/spec-traffic.ts';
import { holderIn } from '../../kubernetes/lease.ts';
import type { KnativeService } from '../../kubernetes/knative/objects.ts';
import type { ConnectionFlags } from '../context.ts';
import { readHolder, readHolderFault } from '../temporal/holder.ts';
import { waysOut } from '../../temporal/read-run.ts';
import { failFinding, okFinding, warnFinding } from './finding.ts';
import type { Finding } from './finding.ts';

export interface TargetsScope {
  readonly services: readonly KnativeService[];
  /** The Leases that serin manages in the services' namespaces. */
  readonly leases: readonly V1Lease[];
  readonly connection: ConnectionFlags;
  /** How the user calls this program. */
  readonly program: string;
}

/** Finds targets that an experiment has left split, or holds although it has ended. */
export async function checkTargets(scope: TargetsScope): Promise<readonly Finding[]> {
  const findings = await Promise.all(scope.services.map((service) => checkTarget(service, scope)));
  const found = findings.filter((finding) => finding !== undefined);
  if (found.some(({ state }) => state !== 'ok')) return found;
  return [...found, okFinding(`no target is left behind, of ${scope.services.length}`)];
}

async function checkTarget(service: KnativeService, scope: TargetsScope): Promise<Finding | undefined> {
  const lease = findLease(service.metadata, scope.leases);
  const holder = lease && holderIn(lease);
  if (holder !== undefined) return checkHeld(service, { ...scope, holder });
  const isOurs = service.metadata.annotations?.[planAnnotation] !== undefined;
  if (!isOurs || !isSplit(service)) return undefined;
  const target = formatObjectName(service.metadata);
  return failFinding(
    `${target} is split by an experiment, ${formatTraffic(service)}, and none holds it`,
    `${scope.program} restore ${target} --baseline REVISION`,
  );
}

async function checkHeld(
  service: KnativeService,
  { holder, connection, program }: TargetsScope & { readonly holder: LeaseHolder },
): Promise<Finding> {
  const target = formatObjectName(service.metadata);
  const chain = await readHolder(connection, holder);
  switch (chain.kind) {
    case 'open':
      return checkRunning(target, { holder, connection });
    case 'unknown':
      return warnFinding(
        `${target} is held, ${formatTraffic(service)}, and nobody knows whether its experiment runs: ${chain.reason}`,
        `point --address and --namespace to its Temporal; if it has ended, ${program} restore ${target} --force`,
      );
    case 'closed':
      return isSplit(service)
        ? failFinding(
            `${target} is left split, ${formatTraffic(service)}: ${holder.workflowId} has ended`,
            `${program} restore ${target}`,
          )
        : warnFinding(
            `${target} is still held by ${holder.workflowId}, which has ended`,
            `nothing, if it has just ended or another experiment follows; else ${program} restore ${target}`,
          );
  }
}

async function checkRunning(
  target: string,
  { holder, connection }: { readonly holder: LeaseHolder } & Pick<TargetsScope, 'connection'>,
): Promise<Finding> {
  const fault = await readHolderFault(connection, holder);
  const held = `${target} is held by ${holder.workflowId}`;
  if (fault === undefined) return okFinding(`${held}, which is running`);
  return failFinding(`${held}, and its workflow task fails: ${fault}`, waysOut(holder.workflowId));
}

function findLease({ namespace, name }: ObjectName, leases: readonly V1Lease[]): V1Lease | undefined {
  return leases.find(({ metadata }) => metadata?.namespace === namespace && metadata.name === leaseName(name));
}

function isSplit({ spec, status }: KnativeService): boolean {
  return percentsByRevision(spec.traffic ?? status?.traffic ?? []).size > 1;
}

function formatTraffic({ spec, status }: KnativeService): string {
  return formatPercents(percentsByRevision(spec.traffic ?? status?.traffic ?? []));
}
