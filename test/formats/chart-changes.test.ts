import { expect, test } from 'vitest';
import { findChanging } from '../../formats/chart-changes.ts';

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

test.each(['{{', '{{/* ', '{{ "\\"', '{{ keys }}', '{{ now '])(
  'takes no longer than it should for a text of many %j',
  (part) => {
    const text = part.repeat(2_000_000 / part.length);
    const before = performance.now();
    findChanging([{ name: 'values.yaml', text }]);
    expect(performance.now() - before).toBeLessThan(3_000);
  },
);
