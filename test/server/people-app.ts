import type { RequestInput } from '../../contract/messages.ts';
import type { RequestKind } from '../../core/planner/requests.ts';
import type { VerifiedPerson } from '../../core/experiment/approvers.ts';
import type { Ask, ExperimentPage, FrozenPage } from '../../server/api.ts';
import { buildApp } from '../../server/app.ts';
import type { Assets } from '../../server/assets.ts';
import type { Scheme } from '../../server/guard-requests.ts';
import { personRuns } from '../../server/person-runs.ts';
import type { ExperimentVerb } from '../../server/person.ts';
import { sealedSessions } from '../../server/session.ts';
import { createSigner } from '../../server/sign-act.ts';
import { tokenAccess } from '../../server/token-access.ts';
import { newSigningKeys } from '../support/signing-keys.ts';
import { readStates } from '../ui/recorded-states.ts';
import { stateRuns } from '../ui/state-runs.ts';

const { privateKey } = newSigningKeys();

/** What a cluster knows: people by their tokens, and rights by `user namespace`. */
export interface FakeCluster {
  readonly people: Map<string, VerifiedPerson>;
  readonly rights: Map<string, readonly ExperimentVerb[]>;
}

export interface PeopleAppOptions {
  readonly assets: Assets;
  readonly hosts: () => readonly string[];
  readonly scheme: Scheme;
  /** The namespaces in which ann may do everything; eve may do nothing anywhere. */
  readonly annsNamespaces: readonly string[];
  readonly states?: ReadonlyMap<string, FrozenPage>;
  readonly sessionSecret?: string;
  readonly answer?: (kind: RequestKind) => string;
}

/**
 * The server for people, before recorded experiments and a made-up cluster. What it was asked to do is in `asked`; `recorded` says where an
 * experiment is whose run does not answer, by its workflow id.
 */
export async function buildPeopleApp({ assets, hosts, scheme, annsNamespaces, ...options }: PeopleAppOptions) {
  const { states = readStates(), sessionSecret = privateKey, answer = (kind) => `${kind} accepted` } = options;
  const everything: readonly ExperimentVerb[] = ['get', 'approve', 'abort', 'pause'];
  const cluster: FakeCluster = {
    people: new Map([
      ['token-of-ann', { user: 'ann', groups: ['sre', 'staff'] }],
      ['token-of-eve', { user: 'eve', groups: [] }],
    ]),
    rights: new Map(annsNamespaces.map((namespace) => [`ann ${namespace}`, everything])),
  };
  const asked: { ask: Ask; request: RequestInput }[] = [];
  const shown = stateRuns(states);
  const recorded = new Map<string, string>();
  const runs = {
    ...shown,
    findNamespace: async ({ workflowId }: ExperimentPage) => recorded.get(workflowId),
    ask: async (ask: Ask, request: RequestInput) => {
      asked.push({ ask, request });
      return { message: answer(ask.request) };
    },
  };
  const people = {
    identify: async (token: string) => cluster.people.get(token),
    mayDo: async ({ user }: VerifiedPerson, verb: ExperimentVerb, where: string) =>
      cluster.rights.get(`${user} ${where}`)?.includes(verb) ?? false,
  };
  const sign = await createSigner(privateKey);
  const styleSheet = [...assets.keys()].find((path) => path.endsWith('.css')) ?? '';
  const app = buildApp({
    assets,
    hosts,
    scheme,
    access: tokenAccess({ people, sessions: sealedSessions(sessionSecret), isSecure: scheme === 'https', styleSheet }),
    runsOf: ({ var: { person, identify } }) => {
      if (person === undefined || identify === undefined) throw new Error('expected a person');
      return personRuns({ runs, people, sign, facts: shown.facts, user: person.user, identify });
    },
  });
  return { app, cluster, asked, recorded };
}
