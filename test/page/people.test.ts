import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { readAssets } from '../../server/assets.ts';
import { listen } from '../../server/listen.ts';
import { buildPeopleApp } from '../server/people-app.ts';
import { startChromium } from '../support/chromium.ts';
import { readStates } from '../ui/recorded-states.ts';
import { openTab, overflows, violations } from './tab.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await startChromium();
});
afterAll(() => browser.close());

const waiting = readStates().get('gate')?.page;
if (waiting?.report === undefined) throw new Error('expected the state of an experiment that waits for approval');
const { namespace } = waiting.report;
const address = `/experiment?id=${encodeURIComponent(waiting.workflowId)}`;

/** The server for people, and a browser in front of its form. */
async function visit() {
  let origin = '';
  const { app, cluster, asked } = await buildPeopleApp({
    assets: await readAssets(),
    hosts: () => [new URL(origin).host],
    scheme: 'http',
    annsNamespaces: [namespace],
  });
  const listening = await listen(app, { host: '127.0.0.1', port: 0 });
  onTestFinished(() => listening.close());
  origin = `http://127.0.0.1:${listening.port}`;
  const tab = await openTab(browser);
  const logIn = async (token: string, path = '/'): Promise<Page> => {
    await tab.goto(`${origin}${path}`);
    await tab.getByLabel('Your Kubernetes token').fill(token);
    await tab.getByRole('button', { name: 'Log in' }).click();
    return tab;
  };
  return { origin, tab, logIn, cluster, asked };
}

describe('the form', () => {
  test('is readable by all, in light and dark, at the width of a phone too, and says what went wrong', async () => {
    const { tab, logIn } = await visit();
    await logIn('guessed');
    await tab.getByRole('alert').getByText('Kubernetes does not know this token, or not any more.').waitFor();
    for (const colorScheme of ['light', 'dark'] as const) {
      await tab.emulateMedia({ colorScheme });
      expect(await violations(tab)).toEqual([]);
    }
    await tab.setViewportSize({ width: 360, height: 700 });
    expect(await overflows(tab)).toBe(false);
  });

  test('leads to where the person wanted to go', async () => {
    const { tab, logIn, origin } = await visit();
    await logIn('token-of-ann', address);
    await tab.getByRole('heading', { name: 'Requests and errors' }).waitFor();
    expect(tab.url()).toBe(`${origin}${address}`);
  });
});

describe('two people', () => {
  test('who may approves, by name', async () => {
    const { tab, logIn, asked } = await visit();
    await logIn('token-of-ann', address);
    await tab.getByText('ann', { exact: true }).waitFor();
    expect(await violations(tab)).toEqual([]);
    await tab.getByRole('button', { name: 'Approve' }).click();
    await tab.getByLabel(/^Reason/).fill('looks good');
    await tab.getByRole('dialog').getByRole('button', { name: 'Approve' }).click();
    await tab.getByText('approve accepted').waitFor();
    expect(asked).toMatchObject([{ ask: { request: 'approve' }, request: { by: 'ann', reason: 'looks good' } }]);
  });

  test('who may only look is told so when they ask', async () => {
    const { tab, logIn, asked, cluster } = await visit();
    cluster.rights.set(`eve ${namespace}`, ['get']);
    await logIn('token-of-eve', address);
    await tab.getByRole('button', { name: 'Approve' }).click();
    await tab.getByRole('dialog').getByRole('button', { name: 'Approve' }).click();
    await tab.getByText(`eve may not approve experiments.serin.dev in namespace ${namespace}`).waitFor();
    expect(asked).toEqual([]);
  });

  test('who may see nothing sees nothing', async () => {
    const { tab, logIn, origin } = await visit();
    await logIn('token-of-eve', address);
    await tab.getByText(/there is no experiment .* that eve may see/).waitFor();
    await tab.goto(origin);
    await tab.getByRole('heading', { name: 'Experiments' }).waitFor();
    expect(await tab.getByRole('row').count()).toBeLessThan(2);
  });
});

test('who logs out is out, and who is not known any more is led to the form', async () => {
  const { tab, logIn, origin, cluster } = await visit();
  await logIn('token-of-ann');
  await tab.getByRole('button', { name: 'Log out' }).click();
  await tab.getByRole('heading', { name: 'Log in' }).waitFor();
  await tab.goto(origin);
  await tab.getByRole('heading', { name: 'Log in' }).waitFor();
  await logIn('token-of-ann');
  await tab.getByRole('heading', { name: 'Experiments' }).waitFor();
  cluster.people.delete('token-of-ann');
  await tab.reload();
  await tab.getByRole('heading', { name: 'Log in' }).waitFor();
});
