import { createHash } from 'node:crypto';
import pLimit from 'p-limit';
import { AuthenticationV1Api, AuthorizationV1Api } from '@kubernetes/client-node';
import type { KubeConfig } from '@kubernetes/client-node';
import type { VerifiedPerson } from '../core/experiment/approvers.ts';
import { defined } from '../core/text/defined.ts';
import { CommandError } from '../client/errors.ts';
import { call } from '../kubernetes/call.ts';
import { createRequestOptions } from '../kubernetes/request-options.ts';
import { remember } from './remember.ts';

/** A person as Kubernetes knows them: an authorizer may decide by any of it. */
export interface Person extends VerifiedPerson {
  readonly uid?: string;
  readonly extra?: Readonly<Record<string, string[]>>;
}

/** What Kubernetes says of people. Fails with a `KubernetesFailure` where it does not answer. */
export interface People {
  /** Whose token it is; undefined for one that is not valid, or not any more. */
  readonly identify: (token: string) => Promise<Person | undefined>;
  /** Whether the person may do this to the experiments of a namespace; an empty one stands for all. */
  readonly mayDo: (person: Person, verb: ExperimentVerb, namespace: string) => Promise<boolean>;
}

/** The verbs on `experiments.serin.dev`: `get` shows them, `approve` is for rejections too, and `pause` for resuming. */
export type ExperimentVerb = 'get' | 'approve' | 'abort' | 'pause';

/** How long an answer counts, ms: for so long somebody whose rights are taken away may still look. */
const answerMs = 15_000;

const requestLimitMs = 5_000;

/** The most tokens that are reviewed at a time. Those that were valid before have a turn of their own, so that who guesses keeps nobody waiting. */
const mostReviews = 10;

/** The most unknown tokens that wait for their review. */
const mostWaiting = 100;

/** The most valid tokens that are known again. */
const mostKnown = 5_000;

/** The people of the API server of the kubeconfig's current context: TokenReview and SubjectAccessReview. */
export function connectPeople(kubeConfig: KubeConfig): People {
  const authentication = kubeConfig.makeApiClient(AuthenticationV1Api);
  const authorization = kubeConfig.makeApiClient(AuthorizationV1Api);
  const options = createRequestOptions(requestLimitMs);
  const review = async (token: string): Promise<Person | undefined> => {
    const body = { spec: { token } };
    const { status } = await call('review a token', authentication.createTokenReview({ body }, options()));
    const { username, groups = [], uid, extra } = status?.user ?? {};
    if (status?.authenticated !== true || !username) return undefined;
    return { user: username, groups, ...defined({ uid, extra }) };
  };
  const ask = async ({ groups, ...person }: Person, verb: string, namespace: string): Promise<boolean> => {
    const resourceAttributes = { verb, group: 'serin.dev', resource: 'experiments', namespace };
    const body = { spec: { ...person, groups: [...groups], resourceAttributes } };
    const answer = authorization.createSubjectAccessReview({ body }, options());
    return (await call(`ask for the rights of ${person.user}`, answer)).status?.allowed === true;
  };
  const reviews = remember<Person | undefined>(answerMs);
  const [ofKnown, ofUnknown] = [pLimit(mostReviews), pLimit(mostReviews)];
  const known = new Set<string>();
  const reviewInTurn = async (key: string, token: string): Promise<Person | undefined> => {
    const turn = known.has(key) ? ofKnown : ofUnknown;
    if (turn === ofUnknown && turn.pendingCount >= mostWaiting) {
      throw new CommandError('unreachable', 'too many tokens are being checked: try again in a moment');
    }
    const person = await turn(review, token);
    known.delete(key);
    if (person !== undefined) known.add(key);
    for (const oldest of known) if (known.size > mostKnown) known.delete(oldest);
    return person;
  };
  const rights = remember<boolean>(answerMs);
  return {
    identify: (token) => {
      const key = createHash('sha256').update(token).digest('base64');
      return reviews(key, () => reviewInTurn(key, token));
    },
    mayDo: (person, verb, namespace) =>
      rights(JSON.stringify([person, verb, namespace]), () => ask(person, verb, namespace)),
  };
}
