import { Worker } from '@temporalio/worker';
import type { Logger } from '@temporalio/common';
import { createActivities } from '../activities/index.ts';
import { loadConfiguration } from './configuration.ts';
import type { Configuration } from './configuration.ts';
import { startHealthServer } from './health.ts';
import { whyNotReady } from './life.ts';
import type { Life } from './life.ts';
import { createLogger, formatAddress, installRuntime } from './runtime.ts';
import { onStopSignal } from './signals.ts';
import { StartupError } from './startup-error.ts';
import { connectTemporal } from './temporal.ts';
import { workerOptions } from './worker-options.ts';

async function run({ settings, temporal: temporalConfig, kubeConfig }: Configuration, log: Logger): Promise<void> {
  let life: Life = { kind: 'starting' };
  let stop = (): void => process.exit(0);
  onStopSignal(log, (signal) => {
    log.info('stopping', { signal, shutdownGraceMs: settings.shutdownGraceMs });
    stop();
  });
  installRuntime(log, settings);
  const health = await startHealthServer(settings.healthAddress, () => whyNotReady(life));
  log.info('health endpoint listens', { healthAddress: formatAddress(health.address) });

  const temporal = await connectTemporal(temporalConfig);
  const { address, namespace } = temporal;
  const activities = createActivities({ settings, temporal, kubeConfig });
  const worker = await Worker.create(workerOptions(temporal, settings, activities));
  life = { kind: 'started', worker, temporal };
  stop = () => worker.shutdown();

  log.info('worker started', { temporalAddress: address, namespace, taskQueue: settings.taskQueue });
  await worker.run();
  await temporal.connection.close();
  await health.close();
  log.info('worker stopped');
}

function main(): void {
  const configuration = loadConfiguration(process.env);
  const log = createLogger(configuration.settings.logLevel);
  run(configuration, log).then(
    () => process.exit(0),
    (error: unknown) => {
      if (error instanceof StartupError) log.error(error.message);
      else log.error('worker failed', { error });
      process.exit(1);
    },
  );
}

try {
  main();
} catch (error) {
  if (!(error instanceof StartupError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(error.exitCode);
}
