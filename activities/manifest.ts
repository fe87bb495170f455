import { formatIssue } from '../spec/issue.ts';
import { parseManifest } from '../spec/parse.ts';
import type { ManifestInput, ManifestReading } from '../workflows/contract.ts';
import { failure } from './failures.ts';
import type { TemporalService } from './knative/chain.ts';
import { readSearchAttributes } from './search-attributes.ts';

/** What messages call the input of a workflow, which has no file name. */
const inputName = 'manifest';

/** Reads the manifest; fails as `InvalidManifest` with every issue, in the message for people and in the details for programs. */
export async function readManifest(
  temporal: TemporalService,
  { manifest }: { readonly manifest: ManifestInput },
): Promise<ManifestReading> {
  const reading = parseManifest(manifest, inputName);
  if (reading.kind === 'invalid') {
    const issues = reading.issues.map(formatIssue);
    throw failure('InvalidManifest', { message: issues.join('\n'), details: [{ issues: reading.issues }] });
  }
  const attributes = await readSearchAttributes(temporal);
  return {
    experiment: reading.experiment,
    warnings: [...reading.warnings.map(formatIssue), ...attributes.warnings],
    searchAttributes: attributes.names,
    temporalAddress: temporal.address,
  };
}
