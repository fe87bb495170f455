/** A namespaced Kubernetes object, by name. */
export interface ObjectName {
  readonly namespace: string;
  readonly name: string;
}

export function formatObjectName(name: ObjectName): string {
  return `${name.namespace}/${name.name}`;
}
