import { globSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseFileSync } from '@swc/core';
import type { IDependency, IModule } from 'dependency-cruiser';

/** The parts of a module that arrows are drawn from. */
export type Imports = Pick<IModule, 'source'> & {
  readonly dependencies: readonly Pick<IDependency, 'module' | 'resolved' | 'coreModule' | 'circular' | 'cycle'>[];
};

/** Reads the imports of components, which dependency-cruiser cannot parse. oxlint finds their circles. */
export function readComponents(folders: readonly string[]): readonly Imports[] {
  const files = folders.flatMap((folder) => globSync(`${folder}/**/*.tsx`));
  return files.map((source) => ({
    source,
    dependencies: readImports(source).map((module) => asDependency(source, module)),
  }));
}

function readImports(file: string): readonly string[] {
  const { body } = parseFileSync(file, { syntax: 'typescript', tsx: true });
  return body.flatMap((item) =>
    (item.type === 'ImportDeclaration' || item.type === 'ExportNamedDeclaration') && item.source
      ? [item.source.value]
      : [],
  );
}

function asDependency(source: string, module: string): Imports['dependencies'][number] {
  const resolved = module.startsWith('.') ? join(dirname(source), module) : `node_modules/${module}`;
  return { module, resolved, coreModule: module.startsWith('node:'), circular: false };
}
