/**
 * Serves the page with every recorded state, without any cluster or Temporal: `npm run ui:demo`. What is asked of an experiment is
 * answered, and changes nothing.
 */
import { once } from 'node:events';
import { servePage } from '../../server/serve-page.ts';
import { readStates } from './recorded-states.ts';
import { stateRuns } from './state-runs.ts';

const interrupted = new AbortController();
process.once('SIGINT', () => interrupted.abort());
process.once('SIGTERM', () => interrupted.abort());
const page = await servePage(stateRuns(readStates()), { port: Number(process.env['PORT'] ?? 0) });
process.stdout.write(`${page.address}\n`);
await once(interrupted.signal, 'abort');
await page.close();
