import type { ApplicationFailure } from '@temporalio/common';
import type { FailureTypeName } from '../../core/failures.ts';
import { describeEnd, endFailureType, lastLines, shownLines } from '../commands/command-failure.ts';
import type { EndedCommand } from '../commands/command-failure.ts';
import { formatCommand, redactOutput } from '../../core/tasks/redact.ts';
import { failure } from '../failures.ts';

const network = String.raw`connection refused|connection reset|broken pipe|i/o timeout|TLS handshake timeout|unexpected EOF|": EOF|client connection lost|GOAWAY|no such host`;

/** How the API server says 429 and 5xx, a webhook that does not answer among them, and how Kubernetes' client puts it. */
const overloaded = String.raw`too many requests|internal error occurred: |an error on the server|currently unable to handle|unable to return a response in the time allotted|etcdserver: `;

/** The types of failures by what helm prints; the first pattern that matches counts. */
const causes: readonly { readonly pattern: RegExp; readonly type: FailureTypeName }[] = [
  // What a chart, a webhook's rule or its certificate says is final, whatever words are in it.
  { pattern: /execution error at \(|denied the request: |failed calling webhook .*x509: /s, type: 'CommandFailed' },
  { pattern: /no space left on device/, type: 'DiskFull' },
  { pattern: /another operation \(install\/upgrade\/rollback\) is in progress/, type: 'ReleaseBusy' },
  { pattern: /is forbidden: User/, type: 'Forbidden' },
  // A missing chart is not an unavailable one: where helm names a 4xx, the repository has answered.
  { pattern: /failed to fetch \S+ : 429 /, type: 'ChartUnavailable' },
  { pattern: /failed to fetch \S+ : 4\d\d /, type: 'CommandFailed' },
  { pattern: new RegExp(`cluster unreachable|${overloaded}`, 'i'), type: 'KubernetesUnavailable' },
  { pattern: /the object has been modified; please apply your changes/, type: 'Conflict' },
  { pattern: new RegExp(`UPGRADE FAILED: .*(${network})`, 's'), type: 'KubernetesUnavailable' },
  { pattern: new RegExp(`failed to fetch \\S+ : 5\\d\\d |${network}`), type: 'ChartUnavailable' },
];

/** The wait before a retry while another operation is in progress. */
const busyRetryMs = 5_000;

/** The failure for a helm command that did not succeed. `advice` is what to do about it, a line each. */
export function helmFailure(ended: EndedCommand, advice: readonly string[] = []): ApplicationFailure {
  const said = lastLines(errorFirst(ended));
  const type = classifyFailure(ended, said);
  const command = formatCommand('helm', ended.args);
  const message = [`${command} ${describeEnd(ended)}: ${said || 'no output'}`, ...advice].join('\n');
  return failure(type, { message, ...(type === 'ReleaseBusy' ? { nextRetryDelayMs: busyRetryMs } : {}) });
}

/** A line of Kubernetes' own logger: `W1129 10:00:00.000000     123 warnings.go:70] …`, and helm's warnings. */
const logged = /^(?:[IWEF]\d{4} \d{2}:\d{2}:\d{2}\.\d+ |WARNING: |level=|time=)/;

/** The most lines of warnings that follow the error. */
const shownWarnings = 3;

/** What helm has printed with its error first, which may have several lines: warnings stand before it, and may be many. */
function errorFirst({ result, args, ...ended }: EndedCommand): EndedCommand {
  // Before anything is cut off: a part of a secret would not be recognized.
  const lines = redactOutput(result.stderr.trim(), args).split('\n');
  const printed = lines.filter((line) => !logged.test(line));
  const errors = printed
    .slice(
      Math.max(
        0,
        printed.findIndex((line) => line.startsWith('Error: ')),
      ),
    )
    .slice(0, shownLines);
  if (errors.length === 0) return { ...ended, result, args };
  const room = Math.min(shownWarnings, shownLines - errors.length);
  const warnings = lines
    .filter((line) => logged.test(line))
    .toReversed()
    .slice(0, room)
    .toReversed();
  return { ...ended, args, result: { ...result, stderr: [...errors, ...warnings].join('\n') } };
}

/** The type of the failure. A command that hung may have done anything, so it is not retried; what a killed one has left is repaired. */
function classifyFailure({ result }: EndedCommand, said: string): FailureTypeName {
  const { outcome } = result;
  if (outcome.kind !== 'ended' || outcome.isTimedOut) return endFailureType(result);
  if (outcome.code === null) return 'HelmKilled';
  return causes.find(({ pattern }) => pattern.test(said))?.type ?? 'CommandFailed';
}
