import { receiversKey, receiversSecret } from '../../contract/notices.ts';
import { defined } from '../../core/text/defined.ts';
import { readReceivers } from '../../formats/notices/receivers.ts';
import type { Receiver } from '../../formats/notices/receivers.ts';
import type { DoctorCluster } from './cluster.ts';
import { failFinding, okFinding, warnFinding } from './finding.ts';
import type { Finding } from './finding.ts';
import { checkNamedRight } from './named-right.ts';

/** Checks where the notices of a namespace's experiments go; without receivers there is nothing to check. */
export async function checkNotices(
  cluster: DoctorCluster,
  { namespace, user }: { readonly namespace: string; readonly user?: string },
): Promise<readonly Finding[]> {
  const secret = `Secret ${namespace}/${receiversSecret}`;
  // There is none, or whoever asks may not read it.
  const data = await cluster.secret({ namespace, name: receiversSecret }).catch(() => undefined);
  if (data === undefined) return [];
  return [
    describeReceivers(namespace, secret, data[receiversKey]),
    ...(await checkNamedRight(cluster, {
      right: { verb: 'get', group: '', resource: 'secrets', namespace, name: receiversSecret },
      without: `may not read the ${secret}: nobody is told`,
      ...defined({ user }),
    })),
  ];
}

function describeReceivers(namespace: string, secret: string, text: string | undefined): Finding {
  const remedy = 'correct it: docs/notices.md';
  if (text === undefined) return failFinding(`${secret} has no key ${receiversKey}: nobody is told`, remedy);
  const reading = readReceivers(text);
  if (reading.kind === 'invalid')
    return failFinding(`${secret} cannot be used, and nobody is told: ${reading.problems.join('; ')}`, remedy);
  const { receivers } = reading;
  if (receivers.length === 0) return warnFinding(`${secret} has no receivers: nobody is told`, remedy);
  return okFinding(`notices of experiments in ${namespace} go to ${receivers.map(receiverTitle).join(', ')}`);
}

function receiverTitle({ name, channel, severity, events }: Receiver): string {
  const limits = [
    ...(severity === 'info' ? [] : [`from ${severity}`]),
    ...(events === undefined ? [] : [events.join(' ')]),
  ];
  return `${name} (${[channel.kind, ...limits].join(', ')})`;
}
