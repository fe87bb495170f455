import { execFile } from 'node:child_process';
import { createServer, type ServerResponse } from 'node:http';
import { cp, readdir, readFile } from 'node:fs/promises';
import { join, normalize, sep } from 'node:path';
import { promisify } from 'node:util';
import { exists } from '../tools/cache.ts';
import { listen, type Listening } from '../processes/listen.ts';

const run = promisify(execFile);

export interface ChartRepositoryOptions {
  readonly helm: string;
  /** Folders with one sample each. */
  readonly samples: string;
  /** The directory for the repository's files. */
  readonly directory: string;
}

/**
 * Serves each folder `NAME` of the samples at `/NAME/`: all its files as they are, its charts (folders with a `Chart.yaml`) also
 * as archives, and an `index.yaml`, so that `/NAME` is a Helm chart repository.
 */
export async function serveCharts({ helm, samples, directory }: ChartRepositoryOptions): Promise<Listening> {
  await cp(samples, directory, { recursive: true });
  const listening = await listen(
    createServer((request, response) => void serveFile(directory, request.url ?? '/', response)),
  );
  for (const sample of await folders(directory))
    await index(helm, join(directory, sample), `${listening.url}/${sample}`);
  return listening;
}

async function index(helm: string, directory: string, url: string): Promise<void> {
  for (const folder of await folders(directory)) {
    const chart = join(directory, folder);
    if (await exists(join(chart, 'Chart.yaml'))) await run(helm, ['package', chart, '--destination', directory]);
  }
  await run(helm, ['repo', 'index', directory, '--url', url]);
}

async function folders(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

async function serveFile(root: string, url: string, response: ServerResponse): Promise<void> {
  const path = normalize(join(root, decodeURIComponent(new URL(url, 'http://localhost').pathname)));
  const content = path.startsWith(root + sep) ? await readFile(path).catch(() => undefined) : undefined;
  if (content === undefined) response.writeHead(404).end('not found\n');
  else response.end(content);
}
