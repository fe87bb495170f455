import { describe, expect, test } from 'vitest';
import { limits } from '../../core/text/limits.ts';
import { customResourceDefinitions } from '../../operator/crds/definitions.ts';
import type { Schema } from '../../operator/crds/schema.ts';

interface Definition {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string };
    readonly versions: readonly { readonly name: string; readonly schema: { readonly openAPIV3Schema: Schema } }[];
  };
}

/** `spec` of every kind in every version. */
const specs = (customResourceDefinitions() as readonly Definition[]).flatMap(({ spec: { group, names, versions } }) =>
  versions.map(({ name, schema }) => {
    const spec = schema.openAPIV3Schema.properties?.['spec'];
    return { title: `${names.kind} of ${group}/${name}`, kind: names.kind, spec: spec ?? {} };
  }),
);

function walk(schema: Schema, path: string): readonly { readonly path: string; readonly schema: Schema }[] {
  const { items, additionalProperties, properties = {} } = schema;
  return [
    { path, schema },
    ...(items === undefined ? [] : walk(items, `${path}[]`)),
    ...(additionalProperties === undefined ? [] : walk(additionalProperties, `${path}.*`)),
    ...Object.entries(properties).flatMap(([name, one]) => walk(one, `${path}.${name}`)),
  ];
}

describe.each(specs)('$title', ({ spec, kind }) => {
  test('bears the limits of lists and mappings, so that the API server refuses what serin would', () => {
    for (const { path, schema } of walk(spec, 'spec')) {
      if (schema.items !== undefined) {
        const isCandidates = path.endsWith('.candidates');
        expect(schema.maxItems, path).toBe(isCandidates ? limits.candidates : limits.manifestEntries);
      }
      if (schema.additionalProperties !== undefined) expect(schema.maxProperties, path).toBe(limits.manifestEntries);
    }
  });

  test.runIf(kind === 'Experiment')('bears the limits of conditions and candidates', () => {
    const found = walk(spec, 'spec');
    const conditions = found.filter(({ path }) => /\.(if|condition)$/.test(path));
    expect(conditions.length).toBeGreaterThan(1);
    for (const { path, schema } of conditions) expect(schema.maxLength, path).toBe(limits.conditionCharacters);
    expect(found.some(({ path, schema }) => path.endsWith('.candidates') && schema.maxItems === 20)).toBe(true);
  });
});
