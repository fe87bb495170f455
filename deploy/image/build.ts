/**
 * Builds the worker's image of what `npm run build` has built: `npm run build:image -- [--arch amd64|arm64] [--tag NAME] [--base IMAGE]`.
 *
 * Its context, with everything that the image has, is `dist/image/ARCHITECTURE/`; `sbom.cdx.json` there is its bill of materials.
 */
import { parseArgs } from 'node:util';
import { buildImage } from './image.ts';

const { values } = parseArgs({
  options: { arch: { type: 'string' }, tag: { type: 'string' }, base: { type: 'string' } },
});
try {
  const { arch: architecture, tag, base } = values;
  process.stdout.write(`${await buildImage({ architecture, tag, base })}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
