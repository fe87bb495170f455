import { readDocuments } from './document.ts';
import { formatIssue } from './issue.ts';
import { nativeManifestOf } from './native/convert.ts';
import type { WrittenActions } from './native/convert.ts';
import { parseExperiment } from './parse.ts';
import { withoutNulls } from './without-nulls.ts';
import { formatYaml } from './yaml.ts';

export type Conversion =
  | { readonly kind: 'ok'; readonly text: string; readonly warnings: readonly string[] }
  | { readonly kind: 'invalid'; readonly issues: readonly string[] };

/** An iter8 manifest as YAML of serin's own form, with the same meaning; a manifest of that form comes back as it is. */
export function convertManifest(text: string, file: string): Conversion {
  const reading = parseExperiment(text, file);
  if (reading.kind === 'invalid') return { kind: 'invalid', issues: reading.issues.map(formatIssue) };
  const warnings = reading.warnings.map(formatIssue);
  const { experiment } = reading;
  if (experiment.apiVersion.startsWith('serin.dev/')) return { kind: 'ok', text, warnings };
  return { kind: 'ok', text: formatYaml(nativeManifestOf(experiment, actionsIn(text, file))), warnings };
}

/** As written; the manifest has been read, so they are tasks. */
function actionsIn(text: string, file: string): WrittenActions {
  const reading = readDocuments(text, file);
  const documents = reading.kind === 'read' ? reading.documents : [];
  const values = documents.map(({ value }) => withoutNulls(value) as Written | undefined);
  const strategy = values.find((value) => value?.kind === 'Experiment')?.spec?.strategy;
  const { actions = {}, handlers = {} } = strategy ?? {};
  const isOn = (name: keyof WrittenActions): boolean => handlers[name] !== 'none';
  return Object.fromEntries(
    (['start', 'loop', 'finish'] as const).filter(isOn).map((name) => [name, actions[name] ?? []]),
  );
}

interface Written {
  readonly kind?: string;
  readonly spec?: {
    readonly strategy?: { readonly actions?: WrittenActions; readonly handlers?: Readonly<Record<string, string>> };
  };
}
