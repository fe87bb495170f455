import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

/** Names the directory in which all sandboxes of a machine keep their audit logs, each in a file of its own. */
export const auditDirectoryVariable = 'SANDBOX_AUDIT_DIRECTORY';

/** The accounts of `deploy/rbac.yaml`, whose requests are logged: also those that they make as the account of a namespace. */
const users = ['serin-worker', 'serin-operator', 'serin-server'].map(
  (name) => `system:serviceaccount:serin-system:${name}`,
);

/**
 * Writes what an API server needs to log who asked for what, as whom, and which role allowed it; returns its flags.
 *
 * The log is `logs/audit.log` of the state directory; it outlives the sandbox where `SANDBOX_AUDIT_DIRECTORY` names another directory.
 */
export async function auditFlags(stateDirectory: string): Promise<readonly string[]> {
  const policy = join(stateDirectory, 'audit-policy.json');
  await writeFile(policy, JSON.stringify(auditPolicy));
  return [`--audit-policy-file=${policy}`, `--audit-log-path=${auditLog(stateDirectory)}`];
}

/** No bodies but the statuses of Experiments and what is written to Knative Services; a watch is logged when it begins, since it may never end. All that no rule names is left out. */
const auditPolicy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [
    {
      level: 'Request',
      users,
      resources: ['iter8.tools', 'serin.dev'].map((group) => ({ group, resources: ['experiments/status'] })),
    },
    {
      level: 'Request',
      users,
      verbs: ['patch'],
      resources: [{ group: 'serving.knative.dev', resources: ['services'] }],
    },
    { level: 'Metadata', users },
  ],
};

/** The path of the log. */
export function auditLog(stateDirectory: string): string {
  const shared = process.env[auditDirectoryVariable];
  if (shared === undefined) return join(stateDirectory, 'logs', 'audit.log');
  return join(shared, `${basename(stateDirectory)}.log`);
}
