import type { GoTool, ModuleFiles } from '../tools/table.ts';

const version = '1.31.2';

/** The parts of Temporal's server of production: the server, what makes its tables, and the files that both read. */
export const temporalServerTools = {
  temporalServer: {
    kind: 'go',
    name: 'temporal-server',
    module: 'temporal-server',
    package: 'go.temporal.io/server/cmd/server',
    version,
    typicalBuildSeconds: 250,
  },
  temporalSqlTool: {
    kind: 'go',
    name: 'temporal-sql-tool',
    module: 'temporal-server',
    package: 'go.temporal.io/server/cmd/tools/sql',
    version,
    typicalBuildSeconds: 5,
  },
  temporalFiles: {
    kind: 'files',
    name: 'temporal-files',
    module: 'temporal-server',
    version,
    folders: [
      { goModule: 'go.temporal.io/server', folder: 'docker/scripts/sh' },
      { goModule: 'go.temporal.io/server', folder: 'schema/postgresql/v12' },
    ],
    endings: ['.sh', '.sql', '.json'],
    typicalBuildSeconds: 1,
  },
} as const satisfies Record<string, GoTool | ModuleFiles>;
