import { createReadStream } from 'node:fs';
import { appendFile, glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ObjectName } from '../../core/experiment/experiment.ts';
import { userAccount } from '../../kubernetes/account.ts';
import { formatRight, readRoles } from './roles.ts';

/** The parts of an event of `audit.k8s.io/v1` that tests read. */
interface AuditEvent {
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly impersonatedUser?: { readonly username: string };
  readonly objectRef?: {
    readonly apiGroup?: string;
    readonly resource: string;
    readonly subresource?: string;
    readonly name?: string;
  };
  readonly annotations?: Readonly<Record<string, string>>;
  /** What was sent, where the policy keeps it. */
  readonly requestObject?: { readonly metadata: ObjectName; readonly status?: unknown };
}

const ranFiles = 'files.txt';

/** Notes that a test file runs on a sandbox. */
export async function noteFile(directory: string, file: string): Promise<void> {
  await appendFile(join(directory, ranFiles), `${file}\n`);
}

/** The test files that have run on a sandbox so far. */
export async function readRanFiles(directory: string): Promise<ReadonlySet<string>> {
  const text = await readFile(join(directory, ranFiles), 'utf8').catch(() => '');
  return new Set(text.split('\n'));
}

/** The rights that the worker and the operator have used in all sandboxes of a run, in words of `formatRight`. */
export async function readUsedRights(directory: string): Promise<ReadonlySet<string>> {
  const used = new Set<string>();
  for await (const file of glob('*.log', { cwd: directory })) {
    for (const right of usedRights(await readFile(join(directory, file), 'utf8'))) used.add(right);
  }
  return used;
}

/** A status that an operator has sent to an API server, and of which Experiment. */
export interface WrittenStatus {
  readonly experiment: string;
  readonly status: unknown;
}

/** Every status of an Experiment that was written in all sandboxes of a run, those between two looks of a test too. */
export async function* readWrittenStatuses(directory: string): AsyncGenerator<WrittenStatus> {
  for await (const file of glob('*.log', { cwd: directory })) {
    for await (const line of createInterface({ input: createReadStream(join(directory, file)) })) {
      if (!line.includes('"requestObject"')) continue;
      // The API server writes its own format.
      const { requestObject } = JSON.parse(line) as AuditEvent;
      if (requestObject?.status === undefined) continue;
      const { namespace, name } = requestObject.metadata;
      yield { experiment: `${namespace}/${name}`, status: requestObject.status };
    }
  }
}

/** The rights that are used by the requests of an audit log, which has an event in each line. */
export function usedRights(log: string): ReadonlySet<string> {
  const events = log.split('\n').filter((line) => line !== '');
  // The API server writes its own format.
  return new Set(events.flatMap((line) => rightsOf(JSON.parse(line) as AuditEvent)));
}

function rightsOf({ verb, user, impersonatedUser, objectRef, annotations = {} }: AuditEvent): readonly string[] {
  const acting = impersonatedUser === undefined ? [] : [impersonation(user.username, impersonatedUser.username)];
  const role = allowingRole(annotations);
  if (role === undefined || objectRef === undefined) return acting;
  const { apiGroup: group = '', resource: kind, subresource, name = '' } = objectRef;
  const right = { verb, group, resource: subresource === undefined ? kind : `${kind}/${subresource}` };
  const ofOne = formatRight(role, { ...right, name });
  return [...acting, ofOneObject.has(ofOne) ? ofOne : formatRight(role, right)];
}

/** The rights that are about one object each. */
const ofOneObject: ReadonlySet<string> = new Set(
  readRoles().flatMap(({ name: role, rights }) =>
    rights.filter(({ name }) => name !== undefined).map((right) => formatRight(role, right)),
  ),
);

/** Which ClusterRole allowed a request, by the API server's own word; undefined where none did. */
function allowingRole(annotations: Readonly<Record<string, string>>): string | undefined {
  if (annotations['authorization.k8s.io/decision'] !== 'allow') return undefined;
  return / of ClusterRole "([^"]+)"/.exec(annotations['authorization.k8s.io/reason'] ?? '')?.[1];
}

/** An event has an impersonated user only where that was allowed, by the role that has the name of the user's account. */
function impersonation(user: string, as: string): string {
  const role = userAccount(user)?.name ?? user;
  const right = { verb: 'impersonate', group: '', resource: 'serviceaccounts', name: userAccount(as)?.name ?? as };
  return formatRight(role, right);
}
