import { artifactNames, artifactsDirectory } from './artifacts.ts';
import type { Command } from './run.ts';

/** The architectures of the image, by Go's names. */
const architectures = ['amd64', 'arm64'] as const;

/** Where a release is published. */
export interface Destination {
  /** At the forge, `owner/name`. */
  readonly repository: string;
  /** The host of the registry of images and charts. */
  readonly registry: string;
  /** Who pushes there. */
  readonly user: string;
}

/**
 * The commands that publish the files of a release, in order: what its notes tell of comes before them. The first one reads the
 * user's password from standard input.
 */
export function publishCommands({ repository, registry, user }: Destination, version: string): readonly Command[] {
  const names = artifactNames(version);
  const place = (name: string): string => `${artifactsDirectory}/${name}`;
  const images = `${registry}/${repository.toLowerCase()}`;
  const image = `${images}:${version}`;
  const parts = architectures.map((architecture) => ({ architecture, tag: `${image}-${architecture}` }));
  const assets = [names.package, names.chart, names.billOfMaterials, names.checksums];
  return [
    ['docker', 'login', registry, '--username', user, '--password-stdin'],
    ['npm', 'publish', place(names.package), '--provenance', '--access', 'public'],
    ...parts.flatMap(({ architecture, tag }): readonly Command[] => [
      ['npm', 'run', 'build:image', '--', '--arch', architecture, '--tag', tag],
      ['docker', 'push', tag],
    ]),
    ['docker', 'buildx', 'imagetools', 'create', '--tag', image, ...parts.map(({ tag }) => tag)],
    ['helm', 'push', place(names.chart), `oci://${images}/charts`],
    [
      'gh',
      'release',
      'create',
      `v${version}`,
      '--verify-tag',
      '--notes-file',
      place(names.notes),
      ...assets.map(place),
    ],
  ];
}
