import type { ApplicationFailure } from '@temporalio/common';
import type { FailureTypeName } from '../../core/failures.ts';
import { describeEnd, lastLines } from '../commands/command-failure.ts';
import type { EndedCommand } from '../commands/command-failure.ts';
import { formatCommand } from '../../core/tasks/redact.ts';
import { failure } from '../failures.ts';

const network = String.raw`connection refused|connection reset|i/o timeout|TLS handshake timeout|unexpected EOF|no such host`;

/** What helm prints where waiting helps, or where a right is missing; the first that fits. */
const causes: readonly { readonly pattern: RegExp; readonly type: FailureTypeName }[] = [
  { pattern: /another operation \(install\/upgrade\/rollback\) is in progress/, type: 'ReleaseBusy' },
  { pattern: /is forbidden: User/, type: 'Forbidden' },
  { pattern: /cluster unreachable|server is currently unable to handle|etcdserver: /, type: 'KubernetesUnavailable' },
  { pattern: new RegExp(`UPGRADE FAILED: .*(${network})`, 's'), type: 'KubernetesUnavailable' },
  // A missing chart is not an unavailable one: where helm names a 4xx, the repository has answered.
  { pattern: /failed to fetch \S+ : 4\d\d /, type: 'CommandFailed' },
  { pattern: new RegExp(`failed to fetch \\S+ : 5\\d\\d |${network}`), type: 'ChartUnavailable' },
];

/** Wait before another operation is looked for again. */
const busyRetryMs = 5_000;

/** What a helm command that did not succeed means. `advice` is what to do about it. */
export function helmFailure(ended: EndedCommand, advice: readonly string[] = []): ApplicationFailure {
  const said = lastLines(ended);
  const type = classifyFailure(ended, said);
  const command = formatCommand('helm', ended.args);
  const message = [`${command} ${describeEnd(ended)}: ${said || 'no output'}`, ...advice].join('\n');
  return failure(type, { message, ...(type === 'ReleaseBusy' ? { nextRetryDelayMs: busyRetryMs } : {}) });
}

/** A command that hung may have done anything; it is not for us to try it again. */
function classifyFailure({ result: { outcome } }: EndedCommand, said: string): FailureTypeName {
  if (outcome.kind === 'notStarted' || outcome.isTimedOut) return 'CommandFailed';
  return causes.find(({ pattern }) => pattern.test(said))?.type ?? 'CommandFailed';
}
