import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Sandbox } from '../../sandbox/index.ts';

/** Packages a chart's folder and serves it; returns the archive's URL. Names must be unique in the whole test run. */
export async function publishChart({ helm, chartRepository }: Sandbox, folder: string, name: string): Promise<string> {
  const place = join('published', name);
  const destination = join(chartRepository.directory, place);
  const packed = await helm('package', folder, '--destination', destination);
  const [, archive = ''] = /: (.+)\s*$/.exec(packed) ?? [];
  return `${chartRepository.url}/${place}/${basename(archive.trim())}`;
}

/** Serves a file; returns its URL. */
export async function publishFile({ chartRepository }: Sandbox, name: string, text: string): Promise<string> {
  await mkdir(join(chartRepository.directory, 'published'), { recursive: true });
  await writeFile(join(chartRepository.directory, 'published', name), text);
  return `${chartRepository.url}/published/${name}`;
}
