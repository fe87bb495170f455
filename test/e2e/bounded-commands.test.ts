import { expect, test } from 'vitest';
import { testCluster } from '../support/cluster.ts';
import { deployTarget, servedTraffic, startExperiment } from '../support/scenario.ts';
import { startWorkerProcess } from '../support/worker-process.ts';

const namespace = 'bounded-commands';

test("a worker's commands have the memory and the user that its settings name", async () => {
  const { sandbox } = await testCluster();
  const target = await deployTarget({ name: 'bounded', namespace });
  const isRoot = process.getuid?.() === 0;
  const env = {
    SERIN_ALLOWED_COMMANDS: 'bash',
    SERIN_COMMAND_MEMORY: '64Mi',
    ...(isRoot ? { SERIN_COMMAND_USER: '65534:65533' } : {}),
  };
  await startWorkerProcess(sandbox, { name: namespace, taskQueue: namespace, env });
  const script = 'echo "as $(id -u):$(id -g)"; a=$(printf %4194304s); while :; do b+=("$a"); sleep 0.02; done';
  const start = [{ task: 'common/bash', with: { script } }];
  const { end } = await startExperiment(target, { taskQueue: namespace, start, finish: [] });
  const user = isRoot ? '65534:65533' : `${process.getuid?.()}:${process.getgid?.()}`;
  expect(await end()).toMatchObject({
    status: 'failed',
    type: 'CommandFailed',
    message: expect.stringContaining(
      `bash was killed at its memory limit of 64 MiB (SERIN_COMMAND_MEMORY): as ${user}`,
    ),
  });
  expect(await servedTraffic(target)).toEqual({ [target.baselineRevision]: 100 });
});
