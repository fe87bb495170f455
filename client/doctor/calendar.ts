import { calendarConfigMap, calendarKey } from '../../contract/calendar.ts';
import { formatOpening } from '../../core/experiment/calendar.ts';
import { defined } from '../../core/text/defined.ts';
import { readCalendar } from '../../formats/calendar/calendar.ts';
import { findOpening } from '../../formats/calendar/closure.ts';
import type { DoctorCluster } from './cluster.ts';
import { failFinding, okFinding, warnFinding } from './finding.ts';
import type { Finding } from './finding.ts';
import { checkNamedRight } from './named-right.ts';

/** Checks the calendar of a namespace; without one there is nothing to check. */
export async function checkCalendar(
  cluster: DoctorCluster,
  { namespace, user }: { readonly namespace: string; readonly user?: string },
): Promise<readonly Finding[]> {
  const name = `ConfigMap ${namespace}/${calendarConfigMap}`;
  // There is none, or whoever asks may not read it.
  const data = await cluster.configMap({ namespace, name: calendarConfigMap }).catch(() => undefined);
  if (data === undefined) return [];
  return [
    describeCalendar(namespace, name, data[calendarKey]),
    ...(await checkNamedRight(cluster, {
      right: { verb: 'get', group: '', resource: 'configmaps', namespace, name: calendarConfigMap },
      without: `may not read the ${name}: it holds nothing back`,
      ...defined({ user }),
    })),
  ];
}

function describeCalendar(namespace: string, name: string, text: string | undefined): Finding {
  const remedy = 'correct it: docs/calendar.md';
  if (text === undefined) return warnFinding(`${name} has no key ${calendarKey}: it holds nothing back`, remedy);
  const reading = readCalendar(text);
  if (reading.kind === 'invalid')
    return failFinding(`${name} cannot be read, and nothing advances: ${reading.problems.join('; ')}`, remedy);
  try {
    return okFinding(`the calendar of ${namespace}: ${formatOpening(findOpening(reading.calendar, Date.now()))}`);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return failFinding(`${name} cannot be computed, and nothing advances: ${why}`, remedy);
  }
}
