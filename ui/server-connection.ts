import { useEffect, useState } from 'preact/hooks';
import type { Ask, AskAnswer, Problem } from '../server/api.ts';

/** Whether the page is in touch with its server. */
export type Connection = 'connecting' | 'live' | 'lost' | 'ended' | 'loggedOut';

/** A stream of the server: what was made of its values so far. */
export interface Streamed<T> {
  readonly value: T | undefined;
  readonly connection: Connection;
  readonly problem?: Problem;
}

/** Follows a stream, and folds its values; another address starts anew. A connection that is lost is made again. */
export function useStream<T>(
  address: string | undefined,
  fold: (before: T | undefined, value: unknown) => T,
): Streamed<T> {
  const [streamed, setStreamed] = useState<Streamed<T>>({ value: undefined, connection: 'connecting' });
  useEffect(() => {
    setStreamed({ value: undefined, connection: 'connecting' });
    if (address === undefined) return undefined;
    return follow(address, {
      onValue: (value, isFirst) =>
        setStreamed(({ value: before }) => ({ value: fold(isFirst ? undefined : before, value), connection: 'live' })),
      onState: (state) => setStreamed((before) => ({ ...before, ...state })),
    });
  }, [address]);
  return streamed;
}

interface Follower {
  readonly onValue: (value: unknown, isFirst: boolean) => void;
  readonly onState: (state: { readonly connection: Connection; readonly problem?: Problem }) => void;
}

/** Follows a stream while the page is seen: a browser has few connections to a server, which all its tabs share. */
function follow(address: string, follower: Follower): () => void {
  let stop: (() => void) | undefined;
  const turn = (): void => {
    if (!document.hidden) stop ??= connect(address, follower);
    else {
      stop?.();
      stop = undefined;
    }
  };
  document.addEventListener('visibilitychange', turn);
  turn();
  return () => {
    document.removeEventListener('visibilitychange', turn);
    stop?.();
  };
}

function connect(address: string, { onValue, onState }: Follower): () => void {
  const source = new EventSource(address);
  let isFirst = true;
  source.addEventListener('open', () => (isFirst = true));
  source.addEventListener('value', ({ data }: MessageEvent<string>) => {
    onValue(JSON.parse(data), isFirst);
    isFirst = false;
  });
  source.addEventListener('end', () => {
    source.close();
    onState({ connection: 'ended' });
  });
  source.addEventListener('problem', ({ data }: MessageEvent<string>) => {
    const problem = JSON.parse(data) as Problem;
    const isFinal = problem.kind === 'notFound' || problem.kind === 'usage';
    if (isFinal) source.close();
    onState({ connection: isFinal ? 'ended' : 'lost', problem });
  });
  source.addEventListener('error', () => {
    onState({ connection: 'lost' });
    void isLoggedOut().then((loggedOut) => {
      if (!loggedOut) return;
      source.close();
      onState({ connection: 'loggedOut' });
    });
  });
  return () => source.close();
}

/** A browser does not tell why a stream failed. */
async function isLoggedOut(): Promise<boolean> {
  return fetch('/api/facts').then(
    ({ status }) => status === 401,
    () => false,
  );
}

/** Reads JSON; fails with a message for people. */
export async function readJson<T>(address: string): Promise<T> {
  return answerOf<T>(await reach(address, {}));
}

/** Asks something of an experiment; fails with a message for people. */
export async function sendAsk(ask: Ask): Promise<AskAnswer> {
  const body = JSON.stringify(ask);
  return answerOf(await reach('/api/ask', { method: 'POST', headers: { 'content-type': 'application/json' }, body }));
}

/** A worker has ten seconds to answer. */
const answerLimitMs = 30_000;

async function reach(address: string, request: RequestInit): Promise<Response> {
  return fetch(address, { ...request, signal: AbortSignal.timeout(answerLimitMs) }).catch(() => {
    throw new Error('serin does not answer: is `serin ui` still running?');
  });
}

async function answerOf<T>(response: Response): Promise<T> {
  const body: unknown = await response.json().catch(() => undefined);
  if (response.ok) return body as T;
  throw new Error((body as Problem | undefined)?.message ?? `the server answered ${response.status}`);
}
