import { jsonSchemas } from '../formats/manifest/json-schema.ts';
import { settingsPage } from '../formats/worker/settings-page.ts';
import { crdsFile } from '../operator/crds/file.ts';
import { chartFiles } from './chart-files.ts';

/** The text of every file that is generated from the sources, by its path from the root. */
export function generatedFiles(): Readonly<Record<string, string>> {
  const schemas = Object.entries(jsonSchemas()).map(([name, schema]) => {
    return [`schemas/${name}.json`, `${JSON.stringify(schema, null, 2)}\n`] as const;
  });
  return {
    'deploy/crds.yaml': crdsFile(),
    'docs/worker-settings.md': settingsPage(),
    ...chartFiles(),
    ...Object.fromEntries(schemas),
  };
}
