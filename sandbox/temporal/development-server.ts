import { join } from 'node:path';
import type { Base } from '../base.ts';
import type { SandboxOptions } from '../options.ts';
import { answers } from '../processes/http.ts';
import { freePort } from '../processes/ports.ts';
import { Service } from '../processes/service.ts';
import { dynamicConfiguration } from './dynamic-configuration.ts';
import { requireHealth } from './server-commands.ts';
import type { TemporalProcesses } from './temporal-processes.ts';

/** Starts Temporal's development server with its Web UI. */
export async function startDevelopmentServer(base: Base, options: SandboxOptions): Promise<TemporalProcesses> {
  const [port, uiPort, metricsPort] = [await freePort(), await freePort(), await freePort()];
  const [address, uiUrl] = [`127.0.0.1:${port}`, `http://127.0.0.1:${uiPort}`];
  const inMemory = options.temporalDatabase === 'memory';
  const values = Object.entries(dynamicConfiguration(options)).map(([key, value]) => `${key}=${value}`);
  const service = new Service({
    supervision: base.supervision,
    program: base.program('temporal', base.tools.temporal, [
      'server',
      'start-dev',
      '--ip=127.0.0.1',
      `--port=${port}`,
      `--ui-port=${uiPort}`,
      `--metrics-port=${metricsPort}`,
      ...(inMemory ? [] : [`--db-filename=${join(base.stateDirectory, 'temporal.db')}`]),
      ...values.flatMap((value) => ['--dynamic-config-value', value]),
      '--log-level=warn',
    ]),
    isReady: async () => {
      await requireHealth(base, address);
      return answers(uiUrl);
    },
  });
  await service.start();
  return { service, address, uiUrl };
}
