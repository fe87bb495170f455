/** Writes what is generated from the sources: `npm run generate`. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { crdsFile } from './file.ts';

writeFileSync(fileURLToPath(new URL('../../deploy/crds.yaml', import.meta.url)), crdsFile());
