import { documentTexts } from '../document/document-texts.ts';
import { readDocuments } from '../document/document.ts';
import { formatIssue } from '../document/issue.ts';
import type { Issue } from '../document/issue.ts';
import { buildNativeManifest } from './serin/convert.ts';
import type { Written, WrittenActions } from './serin/convert.ts';
import { parseExperiment } from './parse.ts';
import { withoutNulls } from '../document/without-nulls.ts';
import { formatYaml } from '../document/yaml.ts';

export type Conversion =
  | { readonly kind: 'ok'; readonly text: string; readonly warnings: readonly string[] }
  | { readonly kind: 'invalid'; readonly issues: readonly string[] };

/**
 * Converts an iter8 manifest to YAML of serin's own form, with the same meaning; the other documents of its file stay as
 * they are. A manifest of serin's form is returned unchanged.
 */
export function convertManifest(text: string, file: string): Conversion {
  const reading = parseExperiment(text, file);
  if (reading.kind === 'invalid') return invalid(reading.issues);
  const warnings = reading.warnings.map(formatIssue);
  const { experiment } = reading;
  if (experiment.apiVersion.startsWith('serin.dev/')) return { kind: 'ok', text, warnings };
  const converted = withExperiment(text, (document) =>
    formatYaml(buildNativeManifest(experiment, writtenIn(document))),
  );
  const result = parseExperiment(converted, `${file}, converted`);
  return result.kind === 'invalid' ? invalid(result.issues) : { kind: 'ok', text: converted, warnings };
}

function invalid(issues: readonly Issue[]): Conversion {
  return { kind: 'invalid', issues: issues.map(formatIssue) };
}

/** All documents in their order, the experiment replaced by what `write` returns. */
function withExperiment(text: string, write: (document: Document) => string): string {
  const reading = readDocuments(text, '');
  const values = reading.kind === 'read' ? reading.documents.map(({ value }) => value) : [];
  const texts = documentTexts(text);
  const written = values.map((value, index) => {
    const document = withoutNulls(value) as Document | undefined;
    if (document?.kind === 'Experiment') return write(document);
    return texts?.[index] ?? formatYaml(value);
  });
  return written.map((one) => (one.endsWith('\n') ? one : `${one}\n`)).join('---\n');
}

/** A manifest that has been read before, so that its fields have these types. */
interface Document {
  readonly kind?: string;
  readonly metadata?: Written['metadata'];
  readonly spec?: {
    readonly target?: string;
    readonly strategy?: { readonly actions?: WrittenActions; readonly handlers?: Readonly<Record<string, string>> };
  };
}

function writtenIn({ metadata = {}, spec = {} }: Document): Written {
  const { actions = {}, handlers = {} } = spec.strategy ?? {};
  const isOn = (name: keyof WrittenActions): boolean => handlers[name] !== 'none';
  return {
    metadata,
    target: spec.target ?? '',
    actions: Object.fromEntries(
      (['start', 'loop', 'finish'] as const).filter(isOn).map((name) => [name, actions[name] ?? []]),
    ),
  };
}
