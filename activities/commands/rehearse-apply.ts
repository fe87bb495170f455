import { isJsonObject, parseJson } from '../../core/json.ts';
import { formatCommand } from '../../core/redact.ts';
import { failure } from '../failures.ts';
import { describeEnd, hasSucceeded, lastLines } from './command-failure.ts';
import { runProcess } from './run-process.ts';

export interface ApplyRehearsal {
  /** Of `kubectl`, from `apply` on. */
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

export type RehearsedApply =
  /** The objects as they would be. */
  | { readonly kind: 'accepted'; readonly objects: readonly object[] }
  | { readonly kind: 'refused'; readonly problem: string };

const limitMs = 30_000;
const outputBytes = 4 * 1024 * 1024;

/** What kubectl prints where waiting helps. */
const outage =
  /Unable to connect to the server|connection refused|i\/o timeout|TLS handshake timeout|etcdserver: |currently unable to handle|TooManyRequests/;

/**
 * Lets the API server, its rights and its webhooks judge a `kubectl apply` that changes nothing.
 *
 * Fails as `KubernetesUnavailable` when the API server does not answer.
 */
export async function rehearseApply({ args, environment, signal }: ApplyRehearsal): Promise<RehearsedApply> {
  const rehearsed = [...args, '--dry-run=server', '--output=json'];
  const result = await runProcess({ command: 'kubectl', args: rehearsed, environment, limitMs, signal, outputBytes });
  if (hasSucceeded(result)) return { kind: 'accepted', objects: result.isCut ? [] : objectsIn(result.stdout) };
  const said = withoutPatch(lastLines({ args, result })) || 'no output';
  const problem = `${formatCommand('kubectl', rehearsed)} ${describeEnd({ result, limitMs })}: ${said}`;
  if (outage.test(said)) throw failure('KubernetesUnavailable', { message: problem });
  return { kind: 'refused', problem };
}

/** Before the reason kubectl prints what it has sent, and to what. */
function withoutPatch(said: string): string {
  return said.split(/error when (?:patching|creating) "[^"]*": /).at(-1) ?? said;
}

/** One object as it is, several as a List. */
function objectsIn(text: string): readonly object[] {
  const printed = parseJson(text);
  if (!isJsonObject(printed)) return [];
  return Array.isArray(printed['items']) ? printed['items'].filter(isJsonObject) : [printed];
}
