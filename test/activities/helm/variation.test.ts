import { expect, test } from 'vitest';
import { datedTemplates, readTemplates, varyingTemplates } from '../../../activities/helm/variation.ts';

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

test.each([
  ['{{ now | date "2006-01-02" }}', true],
  ['{{- $day := now.Format "2006" }}', true],
  ['{{ printf "%s" (now | date "2006") }}', true],
  ['{{ fail "not now" }}', false],
  ['{{/* now */}}{{ .Values.x }}', false],
  ['{{ .Values.now }}', false],
  ['now: {{ .Values.x }}', false],
])('sees whether a template asks for the time: %s', (text, isDated) => {
  expect(datedTemplates([{ name: 'templates/a.yaml', text }])).toEqual(isDated ? ['templates/a.yaml'] : []);
});

test('reads templates as helm prints them, and none where it prints no chart', () => {
  const data = Buffer.from('{{ now }}').toString('base64');
  expect(readTemplates({ templates: [{ name: 'templates/a.yaml', data }, { name: 'broken' }] })).toEqual([
    { name: 'templates/a.yaml', text: '{{ now }}' },
  ]);
  expect(readTemplates(undefined)).toEqual([]);
});
