import { z } from 'zod';
import { mappingField, namespaceName, objectName, refuse } from '../../document/fields.ts';
import { annotations, settingPrefix } from './annotations.ts';
import { serverFields } from '../../document/server-fields.ts';

const own = {
  name: objectName,
  namespace: namespaceName.optional(),
  labels: z.unknown().optional(),
};

/** With annotations that are settings: what an iter8 manifest cannot say in its own fields. */
export const annotatedMetadata = mappingField(
  { ...own, annotations: annotations.optional(), ...serverFields },
  Object.keys(serverFields),
);

/** Of manifests whose fields say everything: annotations are somebody else's, and settings among them a mistake. */
export const plainMetadata = mappingField(
  {
    ...own,
    annotations: z.record(z.string(), z.unknown()).superRefine(refuseSettings).optional(),
    ...serverFields,
  },
  Object.keys(serverFields),
);

function refuseSettings(given: Readonly<Record<string, unknown>>, context: z.RefinementCtx): void {
  for (const name of Object.keys(given).filter((key) => key.startsWith(settingPrefix))) {
    refuse(context, [name], { expected: 'a field of spec (annotations set nothing here)', got: JSON.stringify(name) });
  }
}
