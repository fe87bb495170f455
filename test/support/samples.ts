import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const samples = join(import.meta.dirname, '../../samples');

/** A file of `samples/`, its placeholders filled in with URLs as its README says. */
export function readSample(path: string): string {
  return readFileSync(join(samples, path), 'utf8').replaceAll(
    /CHART_REPOSITORY_URL|SAMPLES_URL|GATEWAY_URL/g,
    'http://samples.example',
  );
}
