import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectCluster } from '../../activities/knative/cluster.ts';
import { accountUser, actAs } from '../../kubernetes/account.ts';
import { experimentKinds } from '../../operator/experiment-object.ts';
import { asActivity } from '../support/activity.ts';
import { testCluster } from '../support/cluster.ts';
import { createAccount } from '../support/limited-account.ts';
import type { LimitedAccount } from '../support/limited-account.ts';
import { formatRight, readRoles } from '../support/roles.ts';
import type { Right } from '../support/roles.ts';
import { listNeeds } from './needs.ts';
import { makeWorkplace } from './workplace.ts';
import type { Workplace } from './workplace.ts';

const namespace = 'needed-rights';
let place: Workplace;

beforeAll(async () => {
  place = await makeWorkplace((await testCluster()).sandbox, namespace);
});
// An operator of another file that sees all namespaces would run them.
afterAll(async () => {
  const kinds = experimentKinds.map(({ group }) => `experiments.${group}`).join();
  await place.sandbox.kubectl('delete', kinds, '--all', '--namespace', namespace);
});

/** All rights of the ClusterRoles in `deploy/`, in words of `formatRight`. */
const rights: ReadonlyMap<string, Right> = new Map(
  readRoles().flatMap((role) => role.rights.map((right) => [formatRight(role.name, right), right] as const)),
);

/** Whether whoever has the first right has the other too: one to all objects of a resource is one to each. */
function covers(title: string, other: string): boolean {
  const [right, wanted] = [rights.get(title), rights.get(other)];
  if (right === undefined || wanted === undefined) return false;
  const isSame = right.verb === wanted.verb && right.group === wanted.group && right.resource === wanted.resource;
  return isSame && (right.name === undefined || right.name === wanted.name);
}

function makeAccount(name: string, titles: readonly string[]): Promise<LimitedAccount> {
  const given = titles.flatMap((title) => rights.get(title) ?? []);
  return createAccount(place.sandbox, { name, namespace, rights: given });
}

test('every right of the ClusterRoles in deploy/ has a task that needs it, and no task needs another', () => {
  const needed = listNeeds().flatMap(({ needs }) => needs.map(({ right }) => right));
  expect(needed.toSorted()).toEqual([...rights.keys()].toSorted());
});

describe.each(listNeeds())('the account of the $account', ({ account, needs }) => {
  const all = needs.map(({ right }) => right);
  let entitled: LimitedAccount;
  beforeAll(async () => {
    entitled = await makeAccount(account, all);
  });

  const table = needs.map(({ task, right, perform }, index) => [task, right, perform, index] as const);
  test.each(table)('cannot %s without "%s"', async (_, right, perform, index) => {
    const others = all.filter((title) => !covers(title, right));
    const limited = await makeAccount(`${account}-${index}`, others);
    await expect(asActivity(() => perform(limited, place))).rejects.toThrow(/forbidden/i);
    await asActivity(() => perform(entitled, place));
  });
});

test('a worker that may not act as an account says which file lets it', async () => {
  const { config } = await makeAccount('nobody', []);
  const acting = connectCluster(actAs(config, accountUser({ namespace, name: 'serin' })));
  await expect(asActivity(() => acting.readService(place.target))).rejects.toThrow(
    'lacks the right to: kubectl apply -f deploy/rbac.yaml',
  );
});
