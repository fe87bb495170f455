import { readFileSync } from 'node:fs';
import { alignedTable } from '../formats/document/aligned-table.ts';
import { readDocuments } from '../formats/document/document.ts';
import { formatYaml } from '../formats/document/yaml.ts';
import { customResourceDefinitions } from '../operator/crds/definitions.ts';
import { chartValues } from './values.ts';
import type { ChartValue } from './values.ts';

const madeBy = '# Made by `npm run generate`; do not edit it by hand.';

/** The generated files of `deploy/chart`, by their paths from the root. */
export function chartFiles(): Readonly<Record<string, string>> {
  const values = chartValues();
  return {
    'deploy/chart/Chart.yaml': chartFile(),
    'deploy/chart/values.yaml': valuesFile(values),
    'deploy/chart/values.schema.json': schemaFile(values),
    'deploy/chart/README.md': withTable(readText('deploy/chart/README.md'), values),
    'deploy/chart/files/crds.yaml': keptCrdsFile(),
    'deploy/chart/files/roles.yaml': rolesFile(),
  };
}

function chartFile(): string {
  const { version, description } = JSON.parse(readText('package.json')) as { version: string; description: string };
  const chart = {
    apiVersion: 'v2',
    name: 'serin',
    description,
    type: 'application',
    version,
    appVersion: version,
    // For rules in the schemas of kinds, and for ranges of ports in a NetworkPolicy.
    kubeVersion: '>=1.25.0-0',
    keywords: ['canary', 'progressive delivery', 'knative', 'temporal'],
  };
  return `${madeBy}\n${formatYaml(chart)}`;
}

/** `values.yaml`: every value with its description; those without a default are commented out. */
function valuesFile(values: ChartValue): string {
  return `${madeBy}\n${fieldLines(values, '').join('\n')}\n`;
}

function fieldLines({ properties = {} }: ChartValue, indent: string): readonly string[] {
  return Object.entries(properties).flatMap(([name, value]) => {
    const comment = wrap(value.description, 118 - indent.length).map((line) => `${indent}# ${line}`);
    return ['', ...comment, ...valueLines(name, value, indent)].slice(indent === '' ? 0 : 1);
  });
}

function valueLines(name: string, value: ChartValue, indent: string): readonly string[] {
  if ('default' in value)
    return indented(
      formatYaml({ [name]: value.default })
        .trimEnd()
        .split('\n'),
      indent,
    );
  if (isMapping(value)) return [`${indent}${name}:`, ...fieldLines(value, `${indent}  `)];
  return [`${indent}# ${name}:`];
}

/** Whether it is a mapping of values that are listed one by one. */
function isMapping({ type, properties }: ChartValue): boolean {
  return type === 'object' && properties !== undefined;
}

function indented(lines: readonly string[], indent: string): readonly string[] {
  return lines.map((line) => `${indent}${line}`);
}

function wrap(text: string, width: number): readonly string[] {
  return text.split(' ').reduce<readonly string[]>((lines, word) => {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) return [...lines, word];
    return [...lines.slice(0, -1), `${last} ${word}`];
  }, []);
}

/** helm hands every chart what is meant for all of a release as `global`. */
function schemaFile(values: ChartValue): string {
  const { description: title, ...schema } = values;
  const properties = { ...values.properties, global: { type: 'object' } };
  const file = { $schema: 'http://json-schema.org/draft-07/schema#', title, ...schema, properties };
  return `${JSON.stringify(file, null, 2)}\n`;
}

/** The page with the table of values between its two marks. */
function withTable(page: string, values: ChartValue): string {
  const table = alignedTable([['value', 'default', 'meaning'], ...rows(values, '')]);
  return page.replace(
    /(<!-- values: .*? -->\n)[^]*(<!-- end of values -->)/,
    (_, begin: string, end: string) => `${begin}\n${table.join('\n')}\n\n${end}`,
  );
}

/** A row for each value; settings without a default of the chart's own are in a page of their own. */
function rows({ properties = {} }: ChartValue, prefix: string): readonly (readonly string[])[] {
  return Object.entries(properties).flatMap(([name, value]) => {
    const path = `${prefix}${name}`;
    if (prefix === 'settings.' && value.default === undefined) return [];
    const row = [[`\`${path}\``, cell(shownDefault(value)), cell(value.description)]];
    if (name === 'settings') return [...row, ...rows(value, 'settings.')];
    return isMapping(value) && !('default' in value) ? rows(value, `${path}.`) : row;
  });
}

function shownDefault({ default: fallback }: ChartValue): string {
  if (fallback === undefined || fallback === '') return '';
  const text = JSON.stringify(fallback);
  return text.length > 40 ? 'see `values.yaml`' : `\`${text}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

/** The kinds as `deploy/crds.yaml` has them; helm does not delete what bears this annotation. */
function keptCrdsFile(): string {
  const kept = customResourceDefinitions().map((definition) => {
    // Every definition has metadata.
    const { metadata, ...rest } = definition as { metadata: object };
    const { apiVersion, kind, ...others } = rest as Record<string, unknown>;
    const annotations = { 'helm.sh/resource-policy': 'keep' };
    return formatYaml({ apiVersion, kind, metadata: { ...metadata, annotations }, ...others });
  });
  return `${madeBy}\n${kept.map((definition) => `---\n${definition}`).join('')}`;
}

interface RoleObject {
  readonly kind?: string;
  readonly metadata?: { readonly name: string };
  readonly rules?: readonly object[];
}

/** The rules of each ClusterRole of `deploy/rbac.yaml` by its name, for the templates. */
function rolesFile(): string {
  const reading = readDocuments(readText('deploy/rbac.yaml'), 'deploy/rbac.yaml');
  if (reading.kind === 'invalid') throw new Error('deploy/rbac.yaml cannot be read');
  // The file has objects of Kubernetes alone.
  const objects = reading.documents.map(({ value }) => value as RoleObject);
  const roles = objects.filter(({ kind }) => kind === 'ClusterRole');
  const rules = Object.fromEntries(roles.map(({ metadata, rules: some }) => [metadata?.name ?? '', some]));
  return `${madeBy} The source is deploy/rbac.yaml.\n${formatYaml(rules)}`;
}

function readText(path: string): string {
  return readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
}
