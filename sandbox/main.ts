/**
 * Starts a sandbox, prints what is needed to follow the tutorial by hand, and stays until Ctrl-C.
 *
 * Run as: `npm run sandbox`.
 */
import { dirname, join } from 'node:path';
import { serveControl } from './control/server.ts';
import { startSandbox, type Sandbox } from './index.ts';

const interrupted = Promise.withResolvers<void>();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupted.resolve());

const startedAt = Date.now();
process.stderr.write('Starting the sandbox (a minute at most, once its parts are built)\n');
const started = startSandbox();
// An interrupt while it starts ends this process; what it had started by then dies with it.
const sandbox = await Promise.race([started, interrupted.promise.then(() => undefined)]);
if (sandbox === undefined) process.exit(130);

const control = await serveControl(sandbox);
process.stderr.write(`Ready after ${Math.round((Date.now() - startedAt) / 1000)} s. In another terminal:\n\n`);
process.stdout.write(exports(sandbox, control.url));
process.stderr.write(`\n${hints(sandbox)}\nCtrl-C stops everything.\n`);
await interrupted.promise;
process.stderr.write('\nStopping\n');
await control.close();
await sandbox.stop();
process.exit(0);

function exports(
  { kubeconfig, workerKubeconfig, temporal, prometheus, gateway, chartRepository, tools }: Sandbox,
  controlUrl: string,
): string {
  const variables = {
    KUBECONFIG: kubeconfig,
    TEMPORAL_ADDRESS: temporal.address,
    SERIN_WEB_UI: temporal.uiUrl,
    SERIN_KUBECONFIG: workerKubeconfig,
    SERIN_PROMETHEUS_URL: prometheus.url,
    SERIN_PROMETHEUS_SCRAPE_INTERVAL: '1s',
    SERIN_ALLOWED_HOSTS: '127.0.0.1',
    GATEWAY_URL: gateway.url,
    SAMPLES_URL: chartRepository.url,
    CHART_REPOSITORY_URL: `${chartRepository.url}/canary-progressive`,
    SANDBOX_CONTROL_URL: controlUrl,
  };
  const folders = [tools.kubectl, tools.helm, tools.temporal, tools.fortio].map((path) => dirname(path));
  const lines = Object.entries(variables).map(([name, value]) => `export ${name}=${value}`);
  return [...lines, `export PATH=${[...new Set(folders)].join(':')}:$PATH`, ''].join('\n');
}

function hints({ temporal, stateDirectory }: Sandbox): string {
  return [
    'The tutorial is samples/canary-progressive/README.md, the others are in samples/README.md. Faults, by revision:',
    '  npm run fault -- default/sample-app-v2 errors 0.3    a share of the requests fails (latency 300: ms added; hang; unready; crash)',
    '  npm run fault -- default/sample-app-v2 off',
    '  npm run outage -- prometheus stop                     or start, kill, freeze, thaw; also temporal and api-server',
    `Temporal's Web UI: ${temporal.uiUrl}. Logs: ${join(stateDirectory, 'logs')}.`,
    '',
  ].join('\n');
}
