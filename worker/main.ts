import { Worker } from '@temporalio/worker';
import type { Logger } from '@temporalio/common';
import { defined } from '../core/text/defined.ts';
import { createActivities } from '../activities/index.ts';
import { startOperator } from '../operator/operator.ts';
import type { Operator } from '../operator/operator.ts';
import { formatAddress } from './address.ts';
import { commandUserWarning } from './command-user.ts';
import { describeConfiguration, loadConfiguration } from './configuration.ts';
import type { Configuration } from './configuration.ts';
import { startHealthServer } from './health.ts';
import { drain, whyNotReady } from './life.ts';
import type { Life } from './life.ts';
import { createLogger, installRuntime } from './runtime.ts';
import { takeNoWork } from './no-work.ts';
import { onStopSignal } from './signals.ts';
import { StartupError } from './startup-error.ts';
import { isTraced } from './traced.ts';
import type { Tracing } from './tracing.ts';
import { connectTemporal } from './temporal.ts';
import type { TemporalConnection } from './temporal.ts';
import { workerOptions } from './worker-options.ts';
import { workflowBundle } from './workflow-bundle.ts';

async function run(configuration: Configuration, log: Logger): Promise<void> {
  const { settings } = configuration;
  let life: Life = { kind: 'starting' };
  let flushLogs = (): void => undefined;
  const stop = (): void => (life.kind === 'starting' ? process.exit(0) : drain(life));
  onStopSignal(log, { stop, flushLogs: () => flushLogs() });
  ({ flushLogs } = installRuntime(log, settings));
  const health = await startHealthServer(settings.healthAddress, () => whyNotReady(life));
  log.info('health endpoint listens', { healthAddress: formatAddress(health.address) });

  const temporal = await connectTemporal(configuration.temporal);
  const takesWork = settings.operator !== 'only';
  const tracing = takesWork && isTraced(process.env) ? (await import('./tracing.ts')).startTracing(log) : undefined;
  const worker = takesWork ? await createWorker(configuration, { temporal, tracing, log }) : takeNoWork();
  life = { kind: 'started', worker, temporal };
  const { address: temporalAddress, namespace } = temporal;
  const warning = commandUserWarning(settings.commandUser, process.getuid?.());
  if (warning !== undefined) log.warn(warning);
  log.info('worker started', { temporalAddress, namespace, ...describeConfiguration(configuration) });
  const operator = settings.operator ? operate(configuration, temporal, log) : undefined;
  await worker.run();

  operator?.stop();
  await tracing?.stop();
  await temporal.connection.close();
  await health.close();
  flushLogs();
  log.info('worker stopped');
}

interface WorkerParts {
  readonly temporal: TemporalConnection;
  readonly tracing: Tracing | undefined;
  readonly log: Logger;
}

async function createWorker(configuration: Configuration, { temporal, tracing, log }: WorkerParts): Promise<Worker> {
  const { settings, kubeConfig } = configuration;
  return Worker.create({
    ...workerOptions(temporal, configuration),
    dataConverter: configuration.temporal.dataConverter,
    workflowBundle: await workflowBundle(settings.workflowBundle, log),
    activities: createActivities({ settings, temporal, kubeConfig, warn: (message) => log.warn(message) }),
    interceptors: { activity: tracing === undefined ? [] : [tracing.interceptors] },
  });
}

function operate({ settings, kubeConfig }: Configuration, { client }: TemporalConnection, log: Logger): Operator {
  const { taskQueue, serviceAccount, operatorNamespace, maxRunsPerNamespace } = settings;
  log.info('operator started', { watches: operatorNamespace ?? 'all namespaces' });
  return startOperator({
    kubeConfig,
    serviceAccount,
    client,
    taskQueue,
    maxRunsPerNamespace,
    log,
    ...defined({ watchNamespace: operatorNamespace }),
  });
}

try {
  const configuration = loadConfiguration();
  const log = createLogger(configuration.settings.logLevel);
  try {
    await run(configuration, log);
  } catch (error) {
    if (!(error instanceof StartupError)) log.error('worker failed', { error });
    else log.error(error.message);
    process.exit(1);
  }
  // Idle connections to the cluster would keep the process.
  process.exit(0);
} catch (error) {
  if (!(error instanceof StartupError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(error.exitCode);
}
