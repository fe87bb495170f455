import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { resolveTool } from '../../sandbox/index.ts';
import type { Sandbox } from '../../sandbox/index.ts';
import { testCluster } from '../support/cluster.ts';
import { readAlerts, renderText, valueSets } from './chart.ts';

let sandbox: Sandbox;

beforeAll(async () => {
  ({ sandbox } = await testCluster());
  const kinds = join(await resolveTool('prometheusOperatorKinds'), 'prometheus-operator');
  for (const name of ['podmonitors', 'prometheusrules']) {
    const file = join(kinds, `monitoring.coreos.com_${name}.yaml`);
    await sandbox.kubectl('apply', '--server-side', '--filename', file);
    await sandbox.kubectl('wait', '--for=condition=Established', '--filename', file);
  }
});

describe.each([...valueSets])('the values %s', (name, file) => {
  test('give objects that the API server takes as they are', async () => {
    const manifests = await renderText(`--values=${file}`);
    // Objects of deploy/ that are there belong to another manager; unknown fields are errors.
    const strict = ['--server-side', '--dry-run=server', '--force-conflicts', '--validate=strict'];
    const answer = await sandbox.apply(manifests, ...strict);
    expect(answer).toContain('serverside-applied (server dry run)');
  });
});

test("Prometheus takes every alert's expression", async () => {
  for (const query of readAlerts()) {
    const response = await fetch(`${sandbox.prometheus.url}/api/v1/query?query=${encodeURIComponent(query)}`);
    expect(await response.json(), query).toMatchObject({ status: 'success' });
  }
});
