import { z } from 'zod';
import { parseWaitFor, waitForForms } from '../../../core/experiment/wait-for.ts';
import type { WaitFor } from '../../../core/experiment/wait-for.ts';
import { integerField, mappingField, namespaceName, objectName, parsed } from '../../document/fields.ts';
import { defineTask } from './definition.ts';
import type { NamedTasks, TaskDefinition } from './definition.ts';

const kindField = parsed('a kind as kubectl takes it, such as ksvc or deployments.apps', (value) =>
  typeof value === 'string' && /^[A-Za-z][\w.-]*$/.test(value) ? value : undefined,
);

const waitForField = parsed(waitForForms, (value): WaitFor | undefined =>
  typeof value === 'string' ? parseWaitFor(value) : undefined,
);

const objRef = mappingField({
  kind: kindField,
  name: objectName,
  namespace: namespaceName.optional(),
  waitFor: waitForField.optional(),
});

/** A day, in seconds: more than any object needs to become ready. */
const max = 86_400;

/** `common/readiness`: reads objects again and again until all are as wanted; without objects, the target and its versions. */
const readObjects: TaskDefinition<'readiness'> = defineTask(
  mappingField({
    initialDelaySeconds: integerField({ min: 0, max }).optional(),
    numRetries: integerField({ min: 0, max: 10_000 }).optional(),
    intervalSeconds: integerField({ min: 1, max }).optional(),
    objRefs: z.array(objRef).optional(),
  }),
  ({ initialDelaySeconds = 5, numRetries = 12, intervalSeconds = 5, objRefs = [] }) => ({
    make: (namespace) => ({
      kind: 'readiness',
      initialDelayMs: initialDelaySeconds * 1000,
      retries: numRetries,
      intervalMs: intervalSeconds * 1000,
      objects: objRefs.map(({ waitFor = { kind: 'exists' }, ...object }) => ({
        ...object,
        namespace: object.namespace ?? namespace,
        waitFor,
      })),
    }),
    templates: [],
  }),
);

/** All of its inputs have defaults, so `with` may be left out. */
const readiness: TaskDefinition<'readiness'> = (input, context) => readObjects(input ?? {}, context);

export const readinessTasks: NamedTasks<'readiness'> = { 'common/readiness': readiness };
