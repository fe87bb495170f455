import { expect, test } from 'vitest';
import { readHooks, upgradeHooks } from '../../../activities/helm/hooks.ts';

const printed = {
  name: 'migrate',
  kind: 'Job',
  path: 'app/templates/migrate.yaml',
  manifest: 'kind: Job\n',
  events: ['post-upgrade'],
  last_run: { started_at: '', phase: '' },
};

test('hooks are the same before and after they ran', () => {
  const lastRun = { started_at: '2026-11-29T10:00:00Z', phase: 'Succeeded' };
  const ran = { ...printed, last_run: lastRun, delete_policies: ['before-hook-creation'] };
  expect(readHooks([ran])).toEqual(readHooks([printed]));
  expect(readHooks([printed])).toEqual([
    { path: 'app/templates/migrate.yaml', events: ['post-upgrade'], manifest: 'kind: Job\n' },
  ]);
});

test('hooks are in one order, however helm prints them', () => {
  const other = { ...printed, path: 'app/templates/check.yaml' };
  expect(readHooks([printed, other])).toEqual(readHooks([other, printed]));
});

test('a release without hooks has none, and what is no hook is left out', () => {
  expect(readHooks(undefined)).toEqual([]);
  expect(readHooks(['text', { path: 'no manifest' }])).toEqual([]);
});

test('an upgrade runs the hooks before and after it, not those of an installation or a test', () => {
  const hooks = [['pre-install'], ['pre-install', 'pre-upgrade'], ['test'], ['post-upgrade']].map((events) => ({
    path: events.join(),
    events,
    manifest: '',
  }));
  expect(upgradeHooks(hooks).map(({ path }) => path)).toEqual(['pre-install,pre-upgrade', 'post-upgrade']);
});
