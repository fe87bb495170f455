/** A namespaced Kubernetes object, by name. */
export interface ObjectName {
  readonly namespace: string;
  readonly name: string;
}

/** Parses `namespace/name`, or a bare name, which is in the given namespace. */
export function parseObjectName(text: string, namespace: string): ObjectName {
  const [first = '', second] = text.split('/');
  return second === undefined ? { namespace, name: first } : { namespace: first, name: second };
}

/** The object as `namespace/name`. */
export function formatObjectName(name: ObjectName): string {
  return `${name.namespace}/${name.name}`;
}
