import { globSync, readFileSync } from 'node:fs';
import type { V1ClusterRole, V1PolicyRule } from '@kubernetes/client-node';
import { readDocuments } from '../../formats/document/document.ts';

/** One verb on one resource, or on one object of it: the least part of a rule. */
export interface Right {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  /** The one object that it is about; absent: all of the resource. */
  readonly name?: string;
}

/** A ClusterRole, right by right. */
export interface Role {
  readonly name: string;
  readonly rights: readonly Right[];
}

/** The ClusterRoles of the files in `deploy/`. */
export function readRoles(): readonly Role[] {
  return readClusterRoles().map(({ metadata, rules }) => ({
    name: metadata?.name ?? '',
    rights: (rules ?? []).flatMap(ruleRights),
  }));
}

/** The ClusterRoles of the files in `deploy/`, as they are written there. */
export function readClusterRoles(): readonly V1ClusterRole[] {
  const objects = globSync('deploy/*.yaml').flatMap(readObjects);
  return objects.filter(({ kind }) => kind === 'ClusterRole');
}

/** `serin-target: patch services.serving.knative.dev`, by which tests know a right. */
export function formatRight(role: string, { verb, group, resource, name }: Right): string {
  const kind = group === '' ? resource : `${resource}.${group}`;
  return `${role}: ${verb} ${kind}${name === undefined ? '' : ` ${name}`}`;
}

function readObjects(path: string): readonly V1ClusterRole[] {
  const reading = readDocuments(readFileSync(path, 'utf8'), path);
  if (reading.kind === 'invalid') throw new Error(`${path} cannot be read`);
  // What is in deploy/ are objects of Kubernetes, or of other programs, which have no kind.
  return reading.documents.map(({ value }) => value as V1ClusterRole);
}

function ruleRights({ apiGroups = [], resources = [], resourceNames, verbs }: V1PolicyRule): readonly Right[] {
  const names = resourceNames?.map((name) => ({ name })) ?? [{}];
  return apiGroups.flatMap((group) =>
    resources.flatMap((resource) =>
      names.flatMap((named) => verbs.map((verb) => ({ verb, group, resource, ...named }))),
    ),
  );
}
