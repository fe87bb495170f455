/** Makes the files of a release: `npm run release:artifacts`. */
import { fileURLToPath } from 'node:url';
import { makeArtifacts } from './artifacts.ts';

await makeArtifacts(fileURLToPath(new URL('..', import.meta.url)));
