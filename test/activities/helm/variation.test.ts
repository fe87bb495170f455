import { expect, test } from 'vitest';
import { findChanging, varyingTemplates } from '../../../activities/helm/variation.ts';

const secret = (password: string): string =>
  `---\n# Source: app/templates/service.yaml\nkind: Service\n---\n# Source: app/templates/secret.yaml\nkind: Secret\ndata: {password: ${password}}\n`;

test('names the templates that render something else each time, hooks too', () => {
  const hook = (text: string) => [{ path: 'app/templates/hook.yaml', events: ['post-upgrade'], manifest: text }];
  const first = { config: {}, manifest: secret('a'), hooks: hook('1') };
  expect(varyingTemplates(first, first)).toEqual([]);
  expect(varyingTemplates(first, { ...first, manifest: secret('b') })).toEqual(['app/templates/secret.yaml']);
  expect(varyingTemplates(first, { ...first, hooks: hook('2') })).toEqual(['app/templates/hook.yaml']);
  expect(varyingTemplates(first, { ...first, hooks: [] })).toEqual(['app/templates/hook.yaml']);
});

const time = 'the time (now)';
const revision = 'the number of the revision of its release (.Release.Revision)';
const order = 'a mapping without an order (keys, values)';

test.each([
  ['{{ now | date "2006-01-02" }}', [time]],
  ['{{- $day := now.Format "2006" }}', [time]],
  ['{{ printf "%s" (now | date "2006") }}', [time]],
  ['{{ tpl .Values.text . }} and {{ ago .Values.since }}', [time]],
  ['{{- with (lookup "v1" "Secret" .Release.Namespace "a") }}{{ end }}', ['objects of the cluster (lookup)']],
  ['name: app-{{ .Release.Revision }}', [revision]],
  ['name: app-{{ $.Release.Revision | quote }}', [revision]],
  ['{{ if .Capabilities.APIVersions.Has "a/v1" }}{{ end }}', ['what the cluster offers (.Capabilities)']],
  ['{{ range keys .Values.env }}{{ . }}{{ end }}', [order]],
  ['{{ .Values.env | values | join "," }} since {{ now }}', [time, order]],
  ['{{ range keys .Values.env | sortAlpha }}{{ . }}{{ end }}', []],
  ['{{ fail "not now" }}', []],
  ['{{/* now */}}{{ .Values.x }}', []],
  ['{{ .Values.now }}{{ .Values.keys }}{{ $values }}', []],
  ['now: {{ .Values.x }}', []],
])('sees what a template asks for that may change meanwhile: %s', (text, titles) => {
  expect(findChanging([{ name: 'templates/a.yaml', text }])).toEqual(
    titles.map((title) => ({ title, names: ['templates/a.yaml'] })),
  );
});
