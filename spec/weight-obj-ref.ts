import { z } from 'zod';
import { mapping, oneOf, parsed } from './fields.ts';

/** Both eras: a JSON path, and a JSON pointer. */
const fieldPath = parsed('the percent of a traffic entry, such as .spec.traffic[0].percent', (value) => {
  if (typeof value !== 'string') return undefined;
  const isPath = /^\.spec\.traffic\[\d+\]\.percent$/.test(value) || /^\/spec\/traffic\/\d+\/percent$/.test(value);
  return isPath ? value : undefined;
});

const knativeService = 'a Knative Service (serin moves no traffic of other objects)';

/**
 * Where iter8 wrote a version's weight. It is checked and then not needed: the traffic entries are found by the versions'
 * revisions, whoever reorders them.
 */
export const weightObjRef = mapping({
  apiVersion: parsed(`serving.knative.dev/v1, of ${knativeService}`, (value) =>
    value === 'serving.knative.dev/v1' ? value : undefined,
  ),
  kind: oneOf(['Service']),
  name: parsed('the name of the target', (value) => (typeof value === 'string' ? value : undefined)),
  namespace: z.unknown().optional(),
  fieldPath: fieldPath.optional(),
  uid: z.unknown().optional(),
  resourceVersion: z.unknown().optional(),
});
