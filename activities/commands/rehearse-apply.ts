import { isJsonObject, parseJson } from '../../core/json.ts';
import { formatCommand } from '../../core/redact.ts';
import { failure } from '../failures.ts';
import { describeEnd, hasSucceeded, lastLines } from './command-failure.ts';
import { runProcess } from './run-process.ts';
import type { ProcessResult } from './run-process.ts';

export interface ApplyRehearsal {
  /** Of `kubectl`, from `apply` on. */
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

export type RehearsedApply =
  /** The objects as they would be. */
  | { readonly kind: 'accepted'; readonly objects: readonly object[] }
  | { readonly kind: 'refused'; readonly problem: string }
  /** It needs what is not there yet, and what it may make itself: only the real one will tell. */
  | { readonly kind: 'unknown'; readonly reason: string };

const limitMs = 30_000;
const outputBytes = 4 * 1024 * 1024;

const unreachable = [
  'Unable to connect to the server',
  String.raw`connection (?:refused|reset)`,
  'was refused - did you specify',
  String.raw`i/o timeout|TLS handshake timeout|context deadline exceeded|unexpected EOF`,
];
const unable = [
  String.raw`etcdserver: `,
  String.raw`\((?:ServiceUnavailable|Timeout|ServerTimeout|TooManyRequests)\)`,
  'failed calling webhook',
];

/** What kubectl prints where waiting helps. */
const outage = new RegExp([...unreachable, ...unable].join('|'));

/** A namespace or a kind that an earlier object would make. */
const notYet = /namespaces "[^"]*" not found|no matches for kind/;

/**
 * Lets the API server, its rights and its webhooks judge a `kubectl apply` that changes nothing.
 *
 * Fails as `KubernetesUnavailable` when it does not answer.
 */
export async function rehearseApply({ args, environment, signal }: ApplyRehearsal): Promise<RehearsedApply> {
  const rehearsed = [...args, '--dry-run=server', '--output=json'];
  const result = await runProcess({ command: 'kubectl', args: rehearsed, environment, limitMs, signal, outputBytes });
  if (hasSucceeded(result)) return { kind: 'accepted', objects: result.isCut ? [] : objectsIn(result.stdout) };
  const said = withoutPatch(lastLines({ args, result })) || 'no output';
  const problem = `${formatCommand('kubectl', rehearsed)} ${describeEnd({ result, limitMs })}: ${said}`;
  if (isTimedOut(result) || outage.test(said)) throw failure('KubernetesUnavailable', { message: problem });
  return notYet.test(said) ? { kind: 'unknown', reason: problem } : { kind: 'refused', problem };
}

function isTimedOut({ outcome }: ProcessResult): boolean {
  return outcome.kind === 'ended' && outcome.isTimedOut;
}

/** Before the reason kubectl prints what it has sent, and to what. */
function withoutPatch(said: string): string {
  return said.split(/(?:error when (?:patching|creating)|for:) "[^"]*": /).at(-1) ?? said;
}

/** One object as it is, several as a List. */
function objectsIn(text: string): readonly object[] {
  const printed = parseJson(text);
  if (!isJsonObject(printed)) return [];
  return Array.isArray(printed['items']) ? printed['items'].filter(isJsonObject) : [printed];
}
