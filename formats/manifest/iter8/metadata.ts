import { z } from 'zod';
import { mappingField, namespaceName, objectName, refuse } from '../../document/fields.ts';
import { annotations, settingPrefix } from './annotations.ts';
import { serverFields } from '../../document/server-fields.ts';

const own = {
  name: objectName,
  namespace: namespaceName.optional(),
  labels: z.unknown().optional(),
};

/** Metadata whose annotations under `serin.dev/` are settings, for iter8's manifests. */
export const annotatedMetadata = mappingField(
  { ...own, annotations: annotations.optional(), ...serverFields },
  Object.keys(serverFields),
);

/** Metadata of manifests whose fields hold all settings: annotations under `serin.dev/` are refused, all others ignored. */
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
