import { temporalServerTools } from '../../sandbox/temporal/server-programs.ts';
import { resolveInOrder } from '../../sandbox/tools/resolve.ts';
import { progressOnStderr } from '../../sandbox/tools/progress.ts';
import type { GoTool, ModuleFiles } from '../../sandbox/tools/table.ts';

const webUiVersion = '2.52.1';

/** What the images of docker-compose.yml are made of beside what the sandbox has, in the order of their builds. */
export const composeTools = {
  ...temporalServerTools,
  temporalUi: {
    kind: 'go',
    name: 'temporal-ui',
    module: 'temporal-ui',
    package: 'github.com/temporalio/ui-server/v2/cmd/server',
    version: webUiVersion,
    typicalBuildSeconds: 20,
  },
  temporalUiFiles: {
    kind: 'files',
    name: 'temporal-ui-files',
    module: 'temporal-ui',
    version: webUiVersion,
    folders: [
      { goModule: 'github.com/temporalio/ui-server/v2', folder: 'docker' },
      { goModule: 'github.com/temporalio/ui-server/v2', folder: 'config' },
    ],
    endings: ['.sh', '.yaml'],
    typicalBuildSeconds: 1,
  },
  prometheus: {
    kind: 'go',
    name: 'prometheus-kubernetes',
    module: 'prometheus',
    package: 'github.com/prometheus/prometheus/cmd/prometheus',
    version: '0.316.0',
    // The sandbox's has no discovery at all.
    tags: 'remove_all_sd,enable_kubernetes_sd',
    typicalBuildSeconds: 120,
  },
} as const satisfies Record<string, GoTool | ModuleFiles>;

/** The paths of those programs and folders. */
export type ComposePrograms = Readonly<Record<keyof typeof composeTools, string>>;

/** Finds them, building what the cache does not have. */
export async function findComposePrograms(): Promise<ComposePrograms> {
  const names = Object.keys(composeTools);
  const paths = await resolveInOrder(Object.values(composeTools), { ...progressOnStderr, planned: tellPlan });
  // One path for every name.
  return Object.fromEntries(names.map((name, index) => [name, paths[index]])) as ComposePrograms;
}

function tellPlan({
  tools,
  typicalSeconds,
  cacheDirectory,
}: {
  tools: number;
  typicalSeconds: number;
  cacheDirectory: string;
}) {
  const minutes = Math.ceil(typicalSeconds / 60);
  process.stderr.write(
    `${tools} parts of the images of docker-compose.yml are built first, once: about ${minutes} min on 2 idle cores, in ${cacheDirectory}.\n`,
  );
}
