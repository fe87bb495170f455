import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { loadTemporalSettings } from '../../temporal/settings.ts';

beforeEach(() => void vi.stubEnv('TEMPORAL_CONFIG_FILE', '/nowhere/temporal.toml'));
afterEach(() => void vi.unstubAllEnvs());

test('without any configuration it is the development server', () => {
  vi.stubEnv('TEMPORAL_ADDRESS', undefined);
  vi.stubEnv('TEMPORAL_NAMESPACE', undefined);
  expect(loadTemporalSettings()).toMatchObject({
    address: 'localhost:7233',
    namespace: 'default',
    connectionOptions: { address: 'localhost:7233' },
  });
});

test('what is chosen by hand goes before the environment', () => {
  vi.stubEnv('TEMPORAL_ADDRESS', 'temporal:7233');
  vi.stubEnv('TEMPORAL_NAMESPACE', 'prod');
  expect(loadTemporalSettings()).toMatchObject({ address: 'temporal:7233', namespace: 'prod' });
  expect(loadTemporalSettings({ address: 'other:7233' })).toMatchObject({
    address: 'other:7233',
    namespace: 'prod',
    connectionOptions: { address: 'other:7233' },
  });
});

test('for a development server of this machine neither the environment nor a profile counts', () => {
  vi.stubEnv('TEMPORAL_ADDRESS', 'temporal:7233');
  vi.stubEnv('TEMPORAL_NAMESPACE', 'prod');
  vi.stubEnv('TEMPORAL_API_KEY', 'key');
  vi.stubEnv('TEMPORAL_PROFILE', 'absent');
  expect(loadTemporalSettings({ address: 'localhost:7333', isLocal: true })).toMatchObject({
    address: 'localhost:7333',
    namespace: 'default',
    connectionOptions: { address: 'localhost:7333' },
  });
});
