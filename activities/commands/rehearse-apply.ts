import { isJsonObject, parseJson } from '../../core/text/json.ts';
import { formatCommand, redactOutput } from '../../core/tasks/redact.ts';
import { formatFlag } from '../../core/tasks/flags.ts';
import type { Flag } from '../../core/tasks/flags.ts';
import type { KubectlCall } from '../../core/tasks/kubectl-command.ts';
import { failure, hasType, innermostMessage } from '../failures.ts';
import { runKubectl } from './kubectl.ts';
import type { KubectlAccess } from './kubectl.ts';
import { describeEnd, hasSucceeded } from './command-failure.ts';
import type { ProcessResult } from './run-process.ts';

export interface ApplyRehearsal {
  readonly call: KubectlCall;
  /** The arguments as the manifest has them, for messages. */
  readonly args: readonly string[];
  /** Where the call names none. */
  readonly namespace: string;
  readonly access: KubectlAccess;
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

async function tryToRehearse(rehearsal: ApplyRehearsal): Promise<RehearsedApply> {
  const { args, limitMs } = rehearsal;
  const command = formatCommand('kubectl', [...args, ...dryRun.map(formatFlag)]);
  if (limitMs <= 0) return { kind: 'unknown', reason: `${command}: those before it took too long` };
  const result = await runDry(rehearsal);
  if ('problem' in result) return { kind: 'refused', problem: `${command}: ${result.problem}` };
  if (hasSucceeded(result)) return { kind: 'accepted', objects: result.isCut ? [] : objectsIn(result.stdout) };
  const errors = errorsIn(redactOutput(result.stderr, args));
  const said = errors.join('\n').slice(0, longestReason) || 'no output';
  const reason = `${command} ${describeEnd({ result, limitMs })}: ${said}`;
  if (errors.some((error) => outage.test(error))) throw failure('KubernetesUnavailable', { message: reason });
  const isUnknown = isTimedOut(result) || (errors.length > 0 && errors.every((error) => notYet.test(error)));
  return isUnknown ? { kind: 'unknown', reason } : { kind: 'refused', problem: reason };
}

const dryRun: readonly Flag[] = [
  { name: '--dry-run', value: 'server' },
  { name: '--output', value: 'json' },
];

/** A manifest that cannot be had is a problem; one that may be had later is thrown. */
async function runDry({ access, ...request }: ApplyRehearsal): Promise<ProcessResult | { readonly problem: string }> {
  try {
    return await runKubectl(access, { ...request, own: dryRun, outputBytes });
  } catch (error) {
    if (!hasType(error, 'HttpRefused', 'AddressNotAllowed')) throw error;
    return { problem: innermostMessage(error) };
  }
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
