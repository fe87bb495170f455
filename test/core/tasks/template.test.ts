import { expect, test } from 'vitest';
import { renderParts, templateVariables } from '../../../core/tasks/template.ts';

const variables = { promote: 'values', name: 'current' };

test.each([
  ['{{ .promote }}.yaml', 'values.yaml'],
  ['{{.promote}}.yaml', 'values.yaml'],
  ['a {{- .promote -}} b', 'avaluesb'],
  ['{{ .name }}/{{ .promote }}', 'current/values'],
  ['no template', 'no template'],
  ['{ .promote } }}', '{ .promote } }}'],
])('%s renders as %s', (text, expected) => {
  expect(renderParts(text, { variables }, 'go')).toEqual({ kind: 'ok', parts: [expected] });
});

test('text is not escaped', () => {
  expect(renderParts('{{ .x }}', { variables: { x: '<a&"b">' } }, 'go')).toEqual({ kind: 'ok', parts: ['<a&"b">'] });
});

test.each([
  ['x {{ .other }}', '{{ .other }} at character 3 is not among .promote, .name'],
  ['{{ if .promote }}', '{{ if .promote }} at character 1 is not a variable like {{ .name }}'],
  ['{{ .promote | quote }}', '{{ .promote | quote }} at character 1 is not a variable like {{ .name }}'],
  ['{{ .promote', '{{ at character 1 is never closed'],
  ['{{ .toString }}', '{{ .toString }} at character 1 is not among .promote, .name'],
])('%s is refused with its place', (text, problem) => {
  expect(renderParts(text, { variables }, 'go')).toEqual({ kind: 'invalid', problem });
});

test('a version offers its variables and its name', () => {
  const version = { name: 'current', revision: 'v1', variables: { promote: 'values' } };
  expect(templateVariables(version)).toEqual({ name: 'current', promote: 'values' });
});
