/** Takes the pictures of the docs from recorded states: `npm run ui:screenshots`, where Chromium is. */
import { mkdir } from 'node:fs/promises';
import { servePage } from '../../server/serve-page.ts';
import { startChromium } from '../support/chromium.ts';
import { pictureFile, pictures } from './pictures.ts';
import { readStates } from './recorded-states.ts';
import { stateRuns } from './state-runs.ts';

const states = readStates();
const page = await servePage(stateRuns(states), { port: 0 });
const browser = await startChromium();
const context = await browser.newContext({
  viewport: { width: 1180, height: 780 },
  colorScheme: 'light',
  locale: 'en-GB',
  timezoneId: 'UTC',
});
const tab = await context.newPage();
await tab.goto(page.address);
await tab.getByRole('heading', { name: 'Experiments' }).waitFor();
await mkdir(pictureFile(), { recursive: true });
for (const [name, state] of Object.entries(pictures)) {
  const shown = state === undefined ? undefined : states.get(state)?.page;
  const path = shown === undefined ? '/' : `/experiment?id=${encodeURIComponent(shown.workflowId)}`;
  await tab.goto(`${new URL(page.address).origin}${path}`);
  await tab.locator('.chart, table.list tbody tr').first().waitFor();
  await tab.screenshot({ path: pictureFile(name) });
}
await browser.close();
await page.close();
process.exit(0);
