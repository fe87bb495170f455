import { Hono } from 'hono';
import type { Context, MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { compress } from 'hono/compress';
import { streamSSE } from 'hono/streaming';
import type { SSEStreamingApi } from 'hono/streaming';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { CommandError } from '../client/errors.ts';
import { KubernetesFailure } from '../kubernetes/failure.ts';
import { requestKinds } from '../core/planner/requests.ts';
import { limits } from '../core/text/limits.ts';
import type { Access, AccessEnv } from './access.ts';
import type { Ask, Problem } from './api.ts';
import type { Assets, Encoding } from './assets.ts';
import { Forbidden, NotLoggedIn } from './forbidden.ts';
import { pageHeaders, requireHost, requireOwnForm, requireOwnPage, requireSameOrigin } from './guard-requests.ts';
import type { Scheme } from './guard-requests.ts';
import { listChanges } from './list-changes.ts';
import type { Runs } from './runs.ts';

export interface AppOptions {
  /** The experiments as whoever asks may see and steer them. */
  readonly runsOf: (context: Context<AccessEnv>) => Runs;
  readonly assets: Assets;
  readonly access: Access;
  /** The values of the header `Host` that are answered. */
  readonly hosts: () => readonly string[];
  readonly scheme: Scheme;
}

/** The server as a function from requests to responses. */
export function buildApp({ runsOf, assets, access, hosts, scheme }: AppOptions): Hono<AccessEnv> {
  const app = new Hono<AccessEnv>();
  const smallBody = bodyLimit({ maxSize: mostAsked, onError: refuseSize });
  // Whoever looks after the pod asks by its address.
  app.get('/healthz', (context) => context.text('ok'));
  app.use(requireHost(hosts), pageHeaders({ scheme, hasForm: access.hasForm }), requireSameOrigin);
  if (access.hasForm) app.get('/assets/*', (context) => sendAsset(context, assets));
  app.on(['GET', 'POST'], '/login', requireOwnForm(scheme), smallBody, access.logIn);
  app.post('/logout', requireOwnForm(scheme), access.logIn);
  app.use(access.require);
  app.use('/api/*', noStore, limitPerPerson(callsInMinute));
  app.get('/api/facts', (context) => context.json(runsOf(context).facts));
  app.get('/api/experiments', (context) => {
    const runs = runsOf(context);
    return stream(context, (signal) => listChanges(runs.watchList(signal)));
  });
  app.get('/api/experiment', (context) => {
    const runs = runsOf(context);
    return stream(context, (signal) => runs.watch(workflowId(context), signal));
  });
  app.get('/api/record', compress(), async (context) =>
    context.json(await runsOf(context).readRecord(workflowId(context))),
  );
  app.get('/api/recorded', compress(), async (context) =>
    context.json(await runsOf(context).readRecorded(workflowId(context))),
  );
  app.get('/api/explanation', async (context) =>
    context.json(await runsOf(context).explain(workflowId(context), Number(context.req.query('interval')))),
  );
  app.post('/api/ask', requireOwnPage(scheme), smallBody, limitPerPerson(asksInMinute), async (context) =>
    context.json(await runsOf(context).ask(readAsk(await context.req.json().catch(() => undefined)))),
  );
  app.all('/api/*', (context) => context.json({ kind: 'notFound', message: 'there is no such address' }, 404));
  app.get('*', (context) => sendAsset(context, assets));
  app.onError((error, context) => {
    const problem = describeProblem(error);
    return context.json(problem, statuses[problem.kind]);
  });
  return app;
}

/** The most requests to experiments that one person makes in a minute. */
const asksInMinute = 60;

/** The most calls of one person in a minute, streams counted once. */
const callsInMinute = 600;

function limitPerPerson(inMinute: number): MiddlewareHandler<AccessEnv> {
  const asks = new RateLimiterMemory({ points: inMinute, duration: 60 });
  return async (context, next) => {
    const isAllowed = await asks.consume(context.get('person')?.user ?? '').then(
      () => true,
      () => false,
    );
    if (isAllowed) return next();
    return context.json({ kind: 'refused', message: `at most ${inMinute} requests a minute: wait a little` }, 429);
  };
}

/** Bytes of what a person asks: a reason, and ids. */
const mostAsked = 16 * 1024;

function refuseSize(context: Context): Response {
  return context.json({ kind: 'usage', message: `expected at most ${mostAsked} bytes` }, 413);
}

const statuses = {
  usage: 400,
  notLoggedIn: 401,
  forbidden: 403,
  notFound: 404,
  refused: 409,
  noWorker: 503,
  unreachable: 503,
  failed: 500,
} as const;

const noStore: MiddlewareHandler = async (context, next) => {
  await next();
  context.header('cache-control', 'no-store');
};

function workflowId(context: Context): string {
  const id = context.req.query('id');
  if (id === undefined || id === '') throw new CommandError('usage', 'expected ?id=, a workflow id');
  return id;
}

const requests: ReadonlySet<unknown> = new Set(requestKinds);

function readAsk(body: unknown): Ask {
  const { workflowId: id, firstRunId, request, gateMs, reason } = (body ?? {}) as Readonly<Record<string, unknown>>;
  const isGate = gateMs === undefined || typeof gateMs === 'number';
  const isAsk = typeof id === 'string' && typeof firstRunId === 'string' && requests.has(request) && isGate;
  const isReason = reason === undefined || (typeof reason === 'string' && reason.length <= limits.requestReason);
  if (isAsk && isReason) return body as Ask;
  throw new CommandError(
    'usage',
    `expected {workflowId, firstRunId, request, gateMs?, reason?}, a request being one of ${requestKinds.join(', ')}, a reason at most ${limits.requestReason} characters`,
  );
}

/** What browsers reconnect after, ms. */
const retryMs = 2_000;

/** So often something is sent, ms: proxies end what is silent. */
const beatMs = 15_000;

/** Sends values as server-sent events; a failure is an event `problem`, and ends the stream, and its end is an event `end`. */
function stream(context: Context, read: (signal: AbortSignal) => AsyncIterable<unknown>): Response {
  return streamSSE(context, async (events) => {
    const ended = new AbortController();
    events.onAbort(() => ended.abort());
    const beat = setInterval(() => void events.write(': \n\n'), beatMs);
    try {
      for await (const value of read(ended.signal)) await send(events, 'value', value);
      if (!ended.signal.aborted) await send(events, 'end', {});
    } catch (error) {
      if (!ended.signal.aborted) await send(events, 'problem', describeProblem(error));
    } finally {
      clearInterval(beat);
    }
  });
}

async function send(events: SSEStreamingApi, event: string, value: unknown): Promise<void> {
  await events.writeSSE({ event, data: JSON.stringify(value), retry: retryMs });
}

function describeProblem(error: unknown): Problem {
  if (error instanceof Forbidden) return { kind: 'forbidden', message: error.message };
  if (error instanceof NotLoggedIn) return { kind: 'notLoggedIn', message: error.message };
  if (error instanceof KubernetesFailure) return { kind: 'unreachable', message: error.message };
  if (error instanceof CommandError) return { kind: error.kind, message: error.message };
  return { kind: 'failed', message: error instanceof Error ? error.message : String(error) };
}

/** Every address that names no file is one of the page's own. */
function sendAsset(context: Context, assets: Assets): Response {
  const { path } = context.req;
  const asset = assets.get(path) ?? assets.get('/index.html');
  if (asset === undefined) return context.text('the page was not built', 500);
  const encoding = chooseEncoding(context.req.header('accept-encoding') ?? '');
  const isHashed = path.startsWith('/assets/') && assets.has(path);
  context.header('content-type', asset.type);
  context.header('cache-control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache');
  context.header('vary', 'accept-encoding');
  if (encoding !== 'identity') context.header('content-encoding', encoding);
  return context.body(new Uint8Array(asset.content[encoding]));
}

function chooseEncoding(accepted: string): Encoding {
  const names = accepted.split(',').map((name) => name.trim().split(';')[0]);
  return (['br', 'gzip'] as const).find((name) => names.includes(name)) ?? 'identity';
}
