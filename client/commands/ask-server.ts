import type { RequestKind } from '../../core/planner/requests.ts';
import { isLoopback } from '../../core/text/loopback.ts';
import { defined } from '../../core/text/defined.ts';
import type { Ask, AskAnswer, Problem } from '../../server/api.ts';
import { loadKubeConfig } from '../../kubernetes/kubeconfig.ts';
import { describeWorkflow } from '../../temporal/read-run.ts';
import type { TemporalService } from '../../temporal/settings.ts';
import { CommandError } from '../errors.ts';
import type { ErrorKind } from '../errors.ts';
import type { Execution } from '../temporal/experiments.ts';

/** The server that verifies who makes a request, `SERIN_SERVER`; undefined where there is none. */
export function serverAddress(): URL | undefined {
  const text = process.env['SERIN_SERVER'];
  if (text === undefined || text === '') return undefined;
  const url = URL.parse(text);
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname))) return url;
  const why = url?.protocol === 'http:' ? ', since a token is sent there' : '';
  throw new CommandError(
    'usage',
    `SERIN_SERVER: expected an address such as https://serin.example.com${why}, got ${text}`,
  );
}

interface PersonAsk {
  readonly execution: Execution;
  readonly request: RequestKind;
  readonly reason: string | undefined;
  /** How long the server may take: it asks Kubernetes, then a worker. */
  readonly limitMs: number;
}

/** Sends a request for the experiment that was found. */
export async function askServerFor(
  session: TemporalService,
  server: URL,
  { execution: { workflowId }, request, reason, limitMs }: PersonAsk,
): Promise<AskAnswer> {
  const ask = async (): Promise<AskAnswer> => {
    const latest = await describeWorkflow(session.client, workflowId);
    const firstRunId = latest?.raw.workflowExecutionInfo?.firstRunId ?? '';
    return askServer(server, { workflowId, firstRunId, request, ...defined({ reason }) }, limitMs);
  };
  return within(limitMs, server, ask());
}

/** Also a program that makes the token (`exec` in a kubeconfig) may take its time, or wait for a person. */
async function within<T>(limitMs: number, server: URL, asking: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const message = `${server.origin} (SERIN_SERVER) has no answer within ${limitMs / 1000} s`;
  const timer = setTimeout(() => late.reject(new CommandError('unreachable', message)), limitMs);
  try {
    return await Promise.race([asking, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Sends a request by the server, as the user of the kubeconfig. Fails with `unreachable` when there is no answer, with `refused` where the
 * person may not, or the request does not apply.
 */
async function askServer(server: URL, ask: Ask, limitMs: number): Promise<AskAnswer> {
  const token = await readToken();
  const response = await fetch(new URL('/api/ask', server), {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(ask),
    // Whoever is at another address has no business with the token.
    redirect: 'error',
    signal: AbortSignal.timeout(limitMs),
  }).catch((error: unknown) => {
    const { cause, message } = error as Error;
    const reason = cause instanceof Error ? cause.message : message;
    throw new CommandError('unreachable', `${server.origin} (SERIN_SERVER) does not answer: ${reason}`, {
      cause: error,
    });
  });
  const answer: unknown = await response.json().catch(() => undefined);
  const { message, kind } = (answer ?? {}) as { readonly message?: unknown; readonly kind?: unknown };
  if (response.ok && typeof message === 'string') return { message };
  throw explainProblem(server, response.status, { message, kind });
}

const kinds: Readonly<Record<Problem['kind'], ErrorKind>> = {
  usage: 'usage',
  notFound: 'notFound',
  refused: 'refused',
  noWorker: 'noWorker',
  unreachable: 'unreachable',
  failed: 'failed',
  notLoggedIn: 'refused',
  forbidden: 'refused',
};

function explainProblem(
  server: URL,
  status: number,
  { kind, message }: { readonly kind: unknown; readonly message: unknown },
): CommandError {
  if (!isProblemKind(kind) || typeof message !== 'string') {
    return new CommandError(
      'failed',
      `${server.origin} (SERIN_SERVER) answers ${status}, and not as serin's server does`,
    );
  }
  return new CommandError(kinds[kind], kind === 'notLoggedIn' ? `${message.split(';')[0]} (SERIN_SERVER)` : message);
}

/** The token that the kubeconfig's user sends, or that of `SERIN_TOKEN`. */
async function readToken(): Promise<string> {
  const given = process.env['SERIN_TOKEN'];
  if (given) return given;
  const options: { headers?: Record<string, unknown> } = {};
  await loadKubeConfig({}).applyToHTTPSOptions(options);
  const header = options.headers?.['Authorization'];
  const [, token] = /^Bearer (.+)$/.exec(typeof header === 'string' ? header : '') ?? [];
  if (token !== undefined) return token;
  const remedy = 'SERIN_TOKEN takes one, such as that of `kubectl create token NAME`';
  throw new CommandError('usage', `SERIN_SERVER needs a token, and the kubeconfig's user has none; ${remedy}`);
}

function isProblemKind(kind: unknown): kind is Problem['kind'] {
  return typeof kind === 'string' && Object.hasOwn(kinds, kind);
}
