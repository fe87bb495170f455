import { YAMLException, dump, load } from 'js-yaml';

/**
 * Writes a plain value as a YAML document; absent fields are left out. Where it has characters that a terminal would not show, all
 * strings are in double quotes, in which they may be written as escapes.
 */
export function formatYaml(value: unknown): string {
  const options = { lineWidth: 120, skipInvalid: true, noRefs: true };
  const text = dump(value, options);
  return hidden.test(text) ? dump(value, { ...options, forceQuotes: true, quoteStyle: 'double' }) : text;
}

const hidden = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

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
