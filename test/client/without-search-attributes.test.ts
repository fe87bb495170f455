import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { anExperiment } from '../support/builders.ts';
import { fakeWorld } from '../support/fake-world.ts';
import { startSerinEnvironment } from './serin-environment.ts';
import type { SerinEnvironment } from './serin-environment.ts';

let environment: SerinEnvironment;
beforeAll(async () => {
  environment = await startSerinEnvironment();
});
afterAll(() => environment.teardown());

test('lists by target what the experiments say themselves', async () => {
  const target = { namespace: 'shop', name: 'checkout' };
  const world = fakeWorld({ experiment: anExperiment({ iterations: 1000, name: 'plain', target }) });
  await environment.startExperiment('plain');
  await environment.withWorker('plain', world, async () => {
    const stdout = await vi.waitUntil(
      async () => {
        const run = await environment.serin(['get', '--target', 'shop/checkout']);
        return run.stdout.includes('shop/checkout') ? run.stdout : undefined;
      },
      { timeout: 60_000 },
    );
    expect(stdout).toMatch(/^NAME .*\nplain +Canary +shop\/checkout/);
    expect((await environment.serin(['get', '--target', 'shop/other'])).stderr).toContain('no experiments');
  });
});
