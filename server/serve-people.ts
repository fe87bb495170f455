import type { KubeConfig } from '@kubernetes/client-node';
import type { TemporalService } from '../temporal/settings.ts';
import type { ServerFacts } from './api.ts';
import { buildApp } from './app.ts';
import { readAssets } from './assets.ts';
import type { Assets } from './assets.ts';
import { NotLoggedIn } from './forbidden.ts';
import { listen } from './listen.ts';
import type { Listening } from './listen.ts';
import { serveMetrics } from './metrics.ts';
import { personRuns } from './person-runs.ts';
import { connectPeople } from './person.ts';
import { sealedSessions } from './session.ts';
import { createSigner } from './sign-act.ts';
import { sharedRuns } from './temporal-runs.ts';
import { tokenAccess } from './token-access.ts';

export interface ServePeopleOptions {
  readonly session: TemporalService;
  readonly kubeConfig: KubeConfig;
  /** Of all replicas: signs who makes a request, and keeps cookies from others. */
  readonly signingKey: string;
  readonly listenAt: { readonly host: string; readonly port: number };
  /** The address at which browsers reach the server. */
  readonly origin: URL;
  readonly facts: Omit<ServerFacts, 'user'>;
  /** Where metrics are served to whoever reaches it; nowhere if absent. */
  readonly metricsAt?: ServePeopleOptions['listenAt'];
}

/** Serves the page to people whom Kubernetes knows, each with the rights that they have there. */
export async function servePeople(options: ServePeopleOptions): Promise<Listening & { readonly metricsPort?: number }> {
  const { session, kubeConfig, signingKey, listenAt, metricsAt, origin, facts } = options;
  const people = connectPeople(kubeConfig);
  const sign = await createSigner(signingKey);
  const runs = sharedRuns(session);
  const assets = await readAssets();
  const scheme = origin.protocol === 'https:' ? 'https' : 'http';
  const access = tokenAccess({
    people,
    sessions: sealedSessions(signingKey),
    isSecure: scheme === 'https',
    styleSheet: findStyleSheet(assets),
  });
  const app = buildApp({
    access,
    assets,
    hosts: () => [origin.host],
    scheme,
    runsOf: (context) => {
      const { person, identify } = context.var;
      if (person === undefined || identify === undefined) throw new NotLoggedIn('not logged in');
      return personRuns({ runs, people, sign, facts, user: person.user, identify });
    },
  });
  const served = await listen(app, listenAt);
  if (metricsAt === undefined) return served;
  const metrics = await serveMetrics(runs, metricsAt);
  const close = async (): Promise<void> => void (await Promise.all([served.close(), metrics.close()]));
  return { port: served.port, metricsPort: metrics.port, close };
}

function findStyleSheet(assets: Assets): string {
  const path = [...assets.keys()].find((name) => name.endsWith('.css'));
  if (path === undefined) throw new Error('the page was not built');
  return path;
}
