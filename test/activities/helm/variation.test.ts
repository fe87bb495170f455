import { expect, test } from 'vitest';
import { varyingTemplates } from '../../../activities/helm/variation.ts';

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
