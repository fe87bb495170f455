import { YAMLException, dump, load } from 'js-yaml';

/** Writes a plain value as a YAML document; absent fields are left out. */
export function formatYaml(value: unknown): string {
  return dump(value, { lineWidth: 120, skipInvalid: true, noRefs: true });
}

export type YamlReading =
  { readonly kind: 'read'; readonly value: unknown } | { readonly kind: 'invalid'; readonly problem: string };

/** Reads one YAML or JSON document that a program wrote. Manifests, which people write, have `parseExperiment`. */
export function readYaml(text: string): YamlReading {
  try {
    return { kind: 'read', value: load(text) };
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    return { kind: 'invalid', problem: error.message };
  }
}
