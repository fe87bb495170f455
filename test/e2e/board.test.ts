import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { freePort } from '../../sandbox/processes/ports.ts';
import { abortSignal } from '../../contract/messages.ts';
import { readField } from '../../core/text/json.ts';
import type { Sandbox } from '../../sandbox/index.ts';
import { readChartFile } from '../deploy/chart.ts';
import { testCluster } from '../support/cluster.ts';
import { startPrometheus } from '../support/prometheus-server.ts';
import { deployTarget, startExperiment, underLoad } from '../support/scenario.ts';
import { startServerProcess } from '../support/server-process.ts';
import { newSigningKeys } from '../support/signing-keys.ts';
import { until } from '../support/until.ts';
import { startWorkerProcess } from '../support/worker-process.ts';

const namespace = 'board';
const taskQueue = 'board';

interface Board {
  readonly panels: readonly { readonly title: string; readonly targets: readonly { readonly expr: string }[] }[];
}

let sandbox: Sandbox;
beforeAll(async () => {
  ({ sandbox } = await testCluster());
});

/** The queries of the board, for all targets, as Grafana asks them. */
function readQueries(): readonly (readonly [title: string, query: string])[] {
  // A file of this repository.
  const { panels } = JSON.parse(readChartFile('files/board.json')) as Board;
  return panels.flatMap(({ title, targets }) =>
    targets.map(({ expr }) => [title, expr.replaceAll('$target', '.*')] as const),
  );
}

test('every query of the board has an answer, while an experiment runs and others have ended', async () => {
  const folder = join(sandbox.stateDirectory, namespace);
  await mkdir(folder, { recursive: true });
  const signingKeyFile = join(folder, 'signing.pem');
  await writeFile(signingKeyFile, newSigningKeys().privateKey, { mode: 0o600 });
  const { metrics } = await startServerProcess(sandbox, { name: 'board-server', signingKeyFile });
  const worker = `127.0.0.1:${await freePort()}`;
  await startWorkerProcess(sandbox, { name: 'board-worker', taskQueue, env: { SERIN_METRICS_ADDRESS: worker } });
  const prometheus = await startPrometheus({ jobs: { serin: [{ address: metrics }, { address: worker }] } });
  const ask = async (query: string): Promise<readonly unknown[]> => {
    const response = await fetch(`${prometheus.url}/api/v1/query?query=${encodeURIComponent(query)}`);
    const answer: unknown = await response.json();
    expect(readField(answer, 'status'), query).toBe('success');
    const result = readField(readField(answer, 'data'), 'result');
    return Array.isArray(result) ? result : [];
  };

  const [first, second] = [
    await deployTarget({ name: 'ends', namespace }),
    await deployTarget({ name: 'runs', namespace }),
  ];
  await underLoad(first, async () => {
    const ends = await startExperiment(first, { taskQueue, iterations: 1000, intervalSeconds: 2 });
    await ends.untilReport('a step', ({ startedAtMs }) => startedAtMs !== undefined);
    await ends.handle.signal(abortSignal, { reason: 'for the board' });
    await ends.end();
  });
  await underLoad(second, async () => {
    const runs = await startExperiment(second, {
      taskQueue,
      intervalSeconds: 2,
      annotations: { approval: 'required', 'min-samples': '1' },
      iterations: 1,
    });
    await runs.untilReport('the gate', ({ awaitingApproval }) => awaitingApproval !== undefined);
    const attention = `serin_attention{target="${namespace}/runs",reason="approval"}`;
    await until('the server to say who is needed', async () => (await ask(attention)).length > 0);
    for (const [title, query] of readQueries()) {
      await until(`an answer to "${title}": ${query}`, async () => (await ask(query)).length > 0);
    }
    await runs.handle.signal(abortSignal);
    await runs.end();
  });
  expect(readQueries().length).toBeGreaterThan(10);
  await prometheus.remove();
});
