import { existsSync, readFileSync } from 'node:fs';
import type { KubeConfig } from '@kubernetes/client-node';
import { defined } from '../core/text/defined.ts';
import { readWorkerConfig } from '../formats/worker/read-settings.ts';
import type { WorkerSettings } from '../formats/worker/settings.ts';
import { isMadeUp } from '../kubernetes/kubeconfig.ts';
import { readKubeConfig } from '../kubernetes/read-kubeconfig.ts';
import { accessProblems } from '../metrics/prometheus/access.ts';
import { readDeploymentVersion } from '../temporal/deployment-version.ts';
import type { DeploymentVersion } from '../temporal/deployment-version.ts';
import { findPublicKeys } from '../activities/verify-act.ts';
import { readPayloadKeys } from '../temporal/payload-keys.ts';
import { loadTemporalSettings } from '../temporal/settings.ts';
import type { TemporalSettings } from '../temporal/settings.ts';
import { commandUserProblem } from './command-user.ts';
import { podAccountProblem } from './pod-account.ts';
import { StartupError, errorReason } from './startup-error.ts';

/** A worker's configuration from outside, read and checked once. */
export interface Configuration {
  readonly settings: WorkerSettings;
  readonly temporal: TemporalSettings;
  readonly kubeConfig: KubeConfig;
  /** Undefined: workers without versions, each of which goes on with any experiment. */
  readonly version: DeploymentVersion | undefined;
}

/**
 * Reads `SERIN_*` from the environment, the configuration file, Temporal's own environment and file, and the kubeconfig. Fails
 * as a `StartupError` with all problems, one a line.
 */
export function loadConfiguration(): Configuration {
  const problems: string[] = [];
  const attempt = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      problems.push(errorReason(error));
      return undefined;
    }
  };
  const reading = readWorkerConfig(process.env, readFileSync);
  if (reading.kind === 'problems') problems.push(...reading.problems);
  const settings = reading.kind === 'settings' ? reading.settings : undefined;
  attempt(() => requireBundle(settings?.workflowBundle));
  attempt(() => requirePublicKeys(settings?.verificationKeysFile));
  if (settings !== undefined) problems.push(...accessProblems({ baseUrl: settings.prometheusUrl, access: settings }));
  const userProblem = commandUserProblem(settings?.commandUser, process.getuid?.());
  if (userProblem !== undefined) problems.push(userProblem);
  const version = attempt(() => readDeploymentVersion(process.env));
  const temporal = attempt(() => loadTemporal(settings?.payloadKeysFile));
  // Where the kubeconfig is can only be known from settings that are right.
  const kubeConfig = settings && attempt(() => loadKubeConfig(settings));
  if (settings === undefined || temporal === undefined || kubeConfig === undefined || problems.length > 0) {
    throw new StartupError(2, problems.join('\n'));
  }
  return { settings, temporal, kubeConfig, version };
}

/** The settings that the first log lines show; URLs without credentials. */
export function describeConfiguration({ settings, kubeConfig, version }: Configuration) {
  const { taskQueue, allowedCommands, helmPath } = settings;
  const { origin, pathname } = new URL(settings.prometheusUrl);
  const kubernetes = kubeConfig.getCurrentCluster()?.server;
  const prometheus = `${origin}${pathname}`;
  return { taskQueue, ...version, kubernetes, prometheus, helmPath, allowedCommands };
}

function loadTemporal(payloadKeysFile: string | undefined): TemporalSettings {
  requireKeys(payloadKeysFile);
  try {
    return loadTemporalSettings(defined({ payloadKeysFile }));
  } catch (error) {
    throw new Error(`TEMPORAL_*: expected a usable Temporal configuration, got ${errorReason(error)}`, {
      cause: error,
    });
  }
}

function requireKeys(path: string | undefined): void {
  try {
    if (path !== undefined) readPayloadKeys(path);
  } catch (error) {
    throw new Error(`SERIN_PAYLOAD_KEYS_FILE: ${errorReason(error)}`, { cause: error });
  }
}

/** What is in the file is read when it is needed, since keys rotate; that it is the right file shows now. */
function requirePublicKeys(path: string | undefined): void {
  if (path === undefined) return;
  const expected = 'SERIN_VERIFICATION_KEYS_FILE: expected a file with public keys as PEM';
  if (!existsSync(path)) throw new Error(`${expected}, got "${path}", which is not there`);
  if (findPublicKeys(readFileSync(path, 'utf8')).length === 0) {
    throw new Error(`${expected}, got "${path}", which has none`);
  }
}

function requireBundle(path: string | undefined): void {
  if (path === undefined || existsSync(path)) return;
  throw new Error(`SERIN_WORKFLOW_BUNDLE: expected a readable file, got "${path}"`);
}

function loadKubeConfig({
  kubeconfig,
  serviceAccount,
}: Pick<WorkerSettings, 'kubeconfig' | 'serviceAccount'>): KubeConfig {
  const name = kubeconfig === undefined ? 'KUBECONFIG' : 'SERIN_KUBECONFIG';
  const kubeConfig = readOrThrow(name, kubeconfig);
  if (isMadeUp(kubeConfig)) {
    throw new Error(`${name}: expected a kubeconfig, got none: not here, not in ~/.kube/config, and not in a cluster`);
  }
  const problem = podAccountProblem(kubeConfig, serviceAccount);
  if (problem !== undefined) throw new Error(problem);
  if (kubeConfig.getCurrentCluster() === null) {
    const context = kubeConfig.getCurrentContext() || 'no current context';
    throw new Error(`${name}: expected a kubeconfig whose current context has a cluster, got ${context}`);
  }
  return kubeConfig;
}

function readOrThrow(name: string, path: string | undefined): KubeConfig {
  try {
    return readKubeConfig(path);
  } catch (error) {
    throw new Error(`${name}: expected a readable kubeconfig, got ${errorReason(error)}`, { cause: error });
  }
}
