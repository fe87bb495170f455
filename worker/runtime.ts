import type { Logger, LogLevel, LogMetadata } from '@temporalio/common';
import { Runtime } from '@temporalio/worker';
import { pino } from 'pino';
import type { Address, WorkerSettings } from '../formats/worker/settings.ts';
import { formatAddress } from './address.ts';
import { StartupError, errorReason } from './startup-error.ts';

/** One JSON object a line on standard output, written before the call returns: nothing is lost when the process ends. */
export function createLogger(level: WorkerSettings['logLevel']): Logger {
  const destination = pino({
    level,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { error: pino.stdSerializers.errWithCause },
  });
  const log = (severity: LogLevel, message: string, meta: LogMetadata = {}): void => {
    destination[levelNames[severity]](meta, message);
  };
  return {
    log,
    trace: (message, meta) => log('TRACE', message, meta),
    debug: (message, meta) => log('DEBUG', message, meta),
    info: (message, meta) => log('INFO', message, meta),
    warn: (message, meta) => log('WARN', message, meta),
    error: (message, meta) => log('ERROR', message, meta),
  };
}

const levelNames = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

/**
 * Sets up Temporal's SDK: its logs and those of workflows and activities go to `logger`, its metrics to Prometheus. The SDK keeps its
 * logs back for a moment, to put them in order; what it returns hands them on at once.
 */
export function installRuntime(
  logger: Logger,
  settings: Pick<WorkerSettings, 'logLevel' | 'metricsAddress'>,
): { readonly flushLogs: () => void } {
  const { logLevel, metricsAddress } = settings;
  try {
    const runtime = Runtime.install({
      logger,
      // Signals are ours: the health endpoint must know of them, and the second one ends the process.
      shutdownSignals: [],
      telemetryOptions: {
        logging: { filter: { core: coreLevels[logLevel], other: 'ERROR' }, forward: {} },
        ...(metricsAddress === 'none' ? {} : { metrics: { prometheus: prometheusExporter(metricsAddress) } }),
      },
    });
    const buffered: Logger & { readonly flush?: () => void } = runtime.logger;
    return { flushLogs: () => buffered.flush?.() };
  } catch (error) {
    const where = metricsAddress === 'none' ? '' : ` with metrics at ${formatAddress(metricsAddress)}`;
    const remedy = metricsAddress === 'none' ? '' : '; set SERIN_METRICS_ADDRESS to a free address, or to none';
    throw new StartupError(1, `Temporal's SDK cannot be started${where}: ${errorReason(error)}${remedy}`, {
      cause: error,
    });
  }
}

/** The levels of the SDK's native part: its `info` lines, one for each poller, are left out. */
const coreLevels = { trace: 'TRACE', debug: 'DEBUG', info: 'WARN', warn: 'WARN', error: 'ERROR' } as const;

/** The exporter's options. Names follow Prometheus' conventions: base units, units and `_total` as suffixes. */
function prometheusExporter(address: Address) {
  return {
    bindAddress: formatAddress(address),
    countersTotalSuffix: true,
    unitSuffix: true,
    useSecondsForDurations: true,
    // Around the goals: a median under a second, at worst three.
    histogramBucketOverrides: { serin_time_to_safe: [0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 30, 60, 300] },
  };
}
