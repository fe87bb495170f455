import { isJsonObject, parseJson } from '../../core/text/json.ts';
import { formatCommand, redactOutput } from '../../core/tasks/redact.ts';
import { failure } from '../failures.ts';
import { actingKubectl } from './run-command.ts';
import { describeEnd, hasSucceeded } from './command-failure.ts';
import { runProcess } from './run-process.ts';
import type { ProcessResult } from './run-process.ts';

export interface ApplyRehearsal {
  /** The arguments of `kubectl`, from `apply` on. */
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** As whom kubectl acts; undefined: as the worker itself. */
  readonly user: string | undefined;
  /** The real apply may take longer, so a rehearsal that exceeds this is `unknown`. */
  readonly limitMs: number;
  readonly isApiReady: () => Promise<boolean>;
  readonly signal: AbortSignal;
}

export type RehearsedApply =
  /** The objects as they would be. */
  | { readonly kind: 'accepted'; readonly objects: readonly object[] }
  | { readonly kind: 'refused'; readonly problem: string }
  /** It takes too long, or needs objects that do not exist yet and that it may create itself: only the real apply decides. */
  | { readonly kind: 'unknown'; readonly reason: string };

const outputBytes = 4 * 1024 * 1024;
const longestReason = 2_000;

/** kubectl's errors in an outage, where waiting helps. */
const outage = new RegExp(
  [
    'Unable to connect to the server',
    'was refused - did you specify',
    String.raw`(?:Get|Patch|Post) "https?://[^"]*": `,
    String.raw`connection (?:refused|reset)|i/o timeout|TLS handshake timeout|context deadline exceeded`,
    String.raw`etcdserver: |\((?:InternalError|ServiceUnavailable|Timeout|ServerTimeout|TooManyRequests)\)`,
  ].join('|'),
);

/** kubectl's errors for a namespace or a kind that an earlier object would create. */
const notYet = /namespaces "[^"]*" not found|no matches for kind/;

/** A denial, which an API server that is just starting also answers to everybody. */
const denied = /is forbidden: User/;

/**
 * Lets the API server, its rights and its webhooks judge a `kubectl apply` that changes nothing.
 *
 * Fails as `KubernetesUnavailable` when the API server cannot judge now.
 */
export async function rehearseApply(request: ApplyRehearsal): Promise<RehearsedApply> {
  const rehearsed = await tryToRehearse(request);
  if (rehearsed.kind !== 'refused' || !denied.test(rehearsed.problem)) return rehearsed;
  if (!(await request.isApiReady())) throw failure('KubernetesUnavailable', { message: rehearsed.problem });
  return tryToRehearse(request);
}

async function tryToRehearse({ args, environment, user, limitMs, signal }: ApplyRehearsal): Promise<RehearsedApply> {
  const rehearsed = [...args, '--dry-run=server', '--output=json'];
  const command = formatCommand('kubectl', rehearsed);
  if (limitMs <= 0) return { kind: 'unknown', reason: `${command}: those before it took too long` };
  const result = await runProcess({
    command: 'kubectl',
    args: actingKubectl(rehearsed, user),
    environment,
    limitMs,
    signal,
    outputBytes,
  });
  if (hasSucceeded(result)) return { kind: 'accepted', objects: result.isCut ? [] : objectsIn(result.stdout) };
  const errors = errorsIn(redactOutput(result.stderr, args));
  const said = errors.join('\n').slice(0, longestReason) || 'no output';
  const reason = `${command} ${describeEnd({ result, limitMs })}: ${said}`;
  if (errors.some((error) => outage.test(error))) throw failure('KubernetesUnavailable', { message: reason });
  const isUnknown = isTimedOut(result) || (errors.length > 0 && errors.every((error) => notYet.test(error)));
  return isUnknown ? { kind: 'unknown', reason } : { kind: 'refused', problem: reason };
}

function isTimedOut({ outcome }: ProcessResult): boolean {
  return outcome.kind === 'ended' && outcome.isTimedOut;
}

/** The errors that kubectl printed, one by one: it goes on after an error. */
function errorsIn(text: string): readonly string[] {
  const errors = text.split(/^(?=Error from server|error: |Unable to connect)/m).map((error) => error.trim());
  return errors.filter((error) => error !== '' && !error.startsWith('Warning: ')).map(withoutPatch);
}

/** The reason alone; before it kubectl prints what it has sent, and to what. */
function withoutPatch(error: string): string {
  return error.split(/(?:error when (?:patching|creating)|for:) "[^"]*": /).at(-1) ?? error;
}

/** The objects that kubectl printed: one as it is, several as a List. */
function objectsIn(text: string): readonly object[] {
  const printed = parseJson(text);
  if (!isJsonObject(printed)) return [];
  return Array.isArray(printed['items']) ? printed['items'].filter(isJsonObject) : [printed];
}
