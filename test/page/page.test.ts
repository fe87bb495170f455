import { readFileSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContextOptions, Locator, Page, Request } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { ExperimentPage, FrozenPage } from '../../server/api.ts';
import { readAssets } from '../../server/assets.ts';
import { renderFrozen } from '../../server/render-frozen.ts';
import { servePage } from '../../server/serve-page.ts';
import type { ServedPage } from '../../server/serve-page.ts';
import { CommandError } from '../../client/errors.ts';
import { startChromium } from '../support/chromium.ts';
import { readStates } from '../ui/recorded-states.ts';
import { showRuns } from './shown-runs.ts';
import { openTab, overflows, violations } from './tab.ts';
import type { ShownRuns } from './shown-runs.ts';

const states = readStates();
let browser: Browser;

beforeAll(async () => {
  browser = await startChromium();
});

afterAll(() => browser.close());

function state(name: string): FrozenPage {
  const found = states.get(name);
  if (found === undefined) throw new Error(`no state ${name} was recorded`);
  return found;
}

/** A browser in front of a page; what goes wrong in it fails the test. */
interface Looking {
  readonly tab: Page;
  readonly server: ServedPage;
  readonly origin: string;
  readonly open: (name: string) => Promise<void>;
}

async function look(shown: ShownRuns = showRuns(states), options: BrowserContextOptions = {}): Promise<Looking> {
  const server = await servePage(shown.runs, { port: 0 });
  const tab = await openTab(browser, options);
  await tab.goto(server.address);
  await tab.getByRole('heading', { name: 'Experiments' }).waitFor();
  const { origin } = new URL(server.address);
  const open = async (name: string): Promise<void> => {
    const { page } = state(name);
    await tab.goto(`${origin}/experiment?id=${encodeURIComponent(page.workflowId)}`);
    await findHeadline(tab, page).waitFor();
    if (hasCharts(state(name))) await tab.getByRole('heading', { name: 'Requests and errors' }).waitFor();
  };
  onTestFinished(() => server.close());
  return { tab, server, origin, open };
}

function hasCharts({ record }: Pick<FrozenPage, 'record'>): boolean {
  return (record?.course.intervals.length ?? 0) > 1;
}

function findHeadline(tab: Page, { headline: shown }: ExperimentPage): Locator {
  return tab.getByRole('region', { name: 'What is happening' }).getByText(shown?.what ?? '', { exact: true });
}

describe('every state', () => {
  test.each([...states.keys()])(
    '%s is shown, in light and dark, readable by all, at the width of a phone too',
    async (name) => {
      const { tab, open } = await look();
      await open(name);
      expect(await violations(tab)).toEqual([]);
      await tab.emulateMedia({ colorScheme: 'dark' });
      expect(await violations(tab, ['color-contrast'])).toEqual([]);
      await tab.setViewportSize({ width: 390, height: 800 });
      await expect.poll(() => overflows(tab)).toBe(false);
    },
  );

  test('is in the list, what needs a person first', async () => {
    const { tab } = await look();
    const rows = tab.locator('table.list tbody tr');
    await expect.poll(() => rows.count()).toBe(states.size);
    expect(await rows.first().innerText()).toContain('needs approval');
    expect(await violations(tab)).toEqual([]);
    await tab.setViewportSize({ width: 390, height: 800 });
    await expect.poll(() => overflows(tab)).toBe(false);
  });
});

describe('the list', () => {
  test('keeps its filters in the address, and a row leads to its experiment', async () => {
    const { tab, origin } = await look();
    await tab.getByLabel('Outcome').selectOption('RolledBack');
    await expect.poll(() => tab.locator('table.list tbody tr').count()).toBe(2);
    expect(tab.url()).toBe(`${origin}/?outcome=RolledBack`);
    await tab.reload();
    await expect.poll(() => tab.locator('table.list tbody tr').count()).toBe(2);
    await tab.getByRole('link', { name: 'shop/reviews' }).click();
    await findHeadline(tab, state('rolled-back').page).waitFor();
    await tab.goBack();
    expect(await tab.getByLabel('Outcome').inputValue()).toBe('RolledBack');
  });

  test('is at first less than 100 KB on the wire, and asks nobody else', async () => {
    const server = await servePage(showRuns(states).runs, { port: 0 });
    onTestFinished(() => server.close());
    const tab = await openTab(browser, {});
    const finished: Request[] = [];
    tab.on('requestfinished', (request) => finished.push(request));
    await tab.goto(server.address);
    await tab.getByRole('heading', { name: 'Experiments' }).waitFor();
    const { origin } = new URL(server.address);
    const isRead = (ending: string) => finished.some((request) => request.url().endsWith(ending));
    await expect.poll(() => isRead('.js') && isRead('.css')).toBe(true);
    expect(finished.map((request) => request.url()).filter((url) => !url.startsWith(origin))).toEqual([]);
    const files = finished.filter((request) => !request.url().includes('/api/'));
    const sizes = await Promise.all(files.map(async (request) => (await request.sizes()).responseBodySize));
    expect(Math.max(...sizes)).toBeGreaterThan(1_000);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(100_000);
  });

  test('says that the connection is lost, and is live again when the server is back', async () => {
    const { tab, server, origin } = await look();
    await server.close();
    await tab.getByText('connection lost, trying again').waitFor();
    const again = await servePage(showRuns(states).runs, { port: Number(new URL(origin).port) });
    onTestFinished(() => again.close());
    // It is another server, with another token: it does not know this browser.
    await tab.getByText(/not logged in: open the address/).waitFor({ timeout: 60_000 });
    await tab.goto(again.address);
    await tab.getByText('live', { exact: true }).waitFor();
  });
});

/** The state, with ten minutes until the next observation. */
function inTenMinutes({ page, ...frozen }: FrozenPage): FrozenPage {
  const next = { what: 'observes again', atMs: page.nowMs + 600_000 };
  const headline = page.headline && { ...page.headline, next };
  return { ...frozen, page: { ...page, ...(headline === undefined ? {} : { headline }) } };
}

describe('an experiment', () => {
  test('opens the facts of an interval as `serin explain` prints them', async () => {
    const { tab, open } = await look();
    await open('rolled-back');
    await tab.getByText('Interval 7: fails at 50 %').waitFor();
    await tab.locator('li', { hasText: 'Interval 7: fails' }).getByText('what was measured and decided').click();
    const facts = tab.locator('li', { hasText: 'Interval 7: fails' }).locator('pre');
    await expect.poll(() => facts.innerText()).toBe(state('rolled-back').explanations[6]?.join('\n'));
  });

  test('chooses an interval in all charts together, by keys', async () => {
    const { tab, open } = await look();
    await open('climbing');
    const weights = tab.getByLabel(/^Weights of the candidates over time/);
    await weights.focus();
    await tab.keyboard.press('Home');
    const legend = tab.locator('.chart').first().locator('figcaption');
    await expect.poll(() => legend.innerText()).toBe('v2 2 %');
    await tab.keyboard.press('ArrowRight');
    await expect.poll(() => legend.innerText()).toBe('v2 4 %');
    expect(await tab.locator('.cursor').count()).toBe(await tab.locator('.chart').count());
    await tab.keyboard.press('Escape');
    expect(await tab.locator('.cursor').count()).toBe(0);
  });

  test('counts down to what happens next', async () => {
    const { tab, open } = await look(showRuns(new Map([['undecided', inTenMinutes(state('undecided'))]])));
    await open('undecided');
    const timer = tab.getByRole('timer');
    const first = await timer.innerText();
    expect(first).toMatch(/^in \d+ min/);
    await expect.poll(() => timer.innerText(), { timeout: 60_000 }).not.toBe(first);
  });

  test('that does not exist is a clear message', async () => {
    const { tab, origin } = await look();
    await tab.goto(`${origin}/experiment?id=nothing`);
    await tab.getByText('no experiment nothing; `serin get` lists all').waitFor();
  });
});

/** A person at an open gate, with the dialog of an approval before them. */
async function beginApproval() {
  const shown = showRuns(states);
  const { tab, open } = await look(shown);
  await open('gate');
  await tab.getByRole('button', { name: 'Approve …' }).click();
  const dialog = tab.getByRole('dialog');
  await dialog.waitFor();
  return { shown, dialog, page: state('gate').page };
}

describe('what a person asks', () => {
  test('says its effect first, then is sent with the reason, by keys alone', async () => {
    const shown = showRuns(states);
    const { tab, open } = await look(shown);
    await open('gate');
    await tab.getByRole('button', { name: 'Approve …' }).focus();
    await tab.keyboard.press('Enter');
    const dialog = tab.getByRole('dialog', { name: 'Approve accounts?' });
    await dialog
      .getByText('v2 may be promoted: it is as soon as its objectives hold and nobody has paused the experiment.')
      .waitFor();
    expect(await violations(tab)).toEqual([]);
    await dialog.getByLabel('Reason').fill('the numbers are good');
    await tab.keyboard.press('Enter');
    await tab.getByText('approve accepted').waitFor();
    const { workflowId, report } = state('gate').page;
    const reason = 'the numbers are good';
    expect(shown.asked).toEqual([
      { workflowId, firstRunId: report?.firstRunId, request: 'approve', gateMs: expect.any(Number), reason },
    ]);
  });

  test('is not sent when the dialog is left', async () => {
    const shown = showRuns(states);
    const { tab, open } = await look(shown);
    await open('gate');
    await tab.getByRole('button', { name: 'Abort …' }).click();
    await tab.getByText('At once: All traffic goes to v1, and the experiment ends.').waitFor();
    await tab.keyboard.press('Escape');
    await tab.getByRole('dialog').waitFor({ state: 'hidden' });
    expect(shown.asked).toEqual([]);
  });

  test('that was refused says why', async () => {
    const shown = showRuns(states, () => Promise.reject(new CommandError('refused', 'the gate is not open')));
    const { tab, open } = await look(shown);
    await open('gate');
    await tab.getByRole('button', { name: 'Reject …' }).click();
    await tab.getByRole('dialog').getByRole('button', { name: 'Reject' }).click();
    await tab.getByRole('status').getByText('the gate is not open').waitFor();
  });

  test('cannot be sent when the experiment has ended while the dialog was open', async () => {
    const { shown, dialog, page } = await beginApproval();
    if (page.report === undefined) throw new Error('the gate has no report');
    const ended: ExperimentPage = {
      ...page,
      isClosed: true,
      report: { ...page.report, stage: 'Completed', outcome: 'RolledBack' },
    };
    shown.show(ended);
    await dialog.getByText('This does not apply any more: the experiment has gone on meanwhile.').waitFor();
    expect(await dialog.getByRole('button', { name: 'Approve' }).isDisabled()).toBe(true);
  });

  test('cannot be sent when another version is asked about by now', async () => {
    const { shown, dialog, page } = await beginApproval();
    const { awaitingApproval } = page.report ?? {};
    if (page.report === undefined || awaitingApproval === undefined) throw new Error('expected an open gate');
    shown.show({ ...page, report: { ...page.report, awaitingApproval: { ...awaitingApproval, version: 'v3' } } });
    await dialog.getByText('This does not apply any more: the experiment has gone on meanwhile.').waitFor();
    expect(await dialog.getByRole('button', { name: 'Approve' }).isDisabled()).toBe(true);
  });

  test.each([
    ['gate', ['Approve …', 'Reject …', 'Pause …', 'Abort …']],
    ['climbing', ['Pause …', 'Abort …']],
    ['paused', ['Resume …', 'Abort …']],
    ['promoted', []],
  ])('in state %s is what applies: %j', async (name, expected) => {
    const { tab, open } = await look();
    await open(name);
    await tab.getByRole('heading', { name: 'Timeline' }).waitFor();
    const names = tab.locator('section.actions button');
    await expect.poll(() => names.allInnerTexts()).toEqual(expected);
  });
});

describe('before a run', () => {
  const sample = readFileSync(new URL('../../samples/quickstart/experiment.yaml', import.meta.url), 'utf8').replaceAll(
    'SAMPLES_URL',
    'https://samples.example.com',
  );

  test('a manifest is checked with places, planned and simulated, and sent to nobody', async () => {
    const { tab, origin } = await look();
    await tab.getByRole('link', { name: 'Before a run' }).click();
    const editor = tab.getByLabel('Manifest, YAML or JSON');
    await editor.waitFor();
    const asked: string[] = [];
    tab.on('request', (request) => asked.push(request.url()));
    await editor.fill(sample.replace('intervalSeconds', 'intervalSecond'));
    const issue = tab.locator('.issues li', { hasText: 'intervalSecond' }).first();
    await issue.getByRole('button').click();
    const selected = await tab.evaluate<string>(
      'document.activeElement.value.slice(document.activeElement.selectionStart)',
    );
    expect(selected).toMatch(/^\s*intervalSecond:/);
    await editor.fill(sample);
    await tab.getByText('it can be used').waitFor();
    await tab.getByRole('heading', { name: 'Plan at 20 requests a second' }).waitFor();
    const rolledBack = tab.getByRole('row', { name: 'rolled back by a verdict' }).getByRole('cell').last();
    await tab.getByText('300 runs', { exact: true }).waitFor();
    const before = Number.parseFloat(await rolledBack.innerText());
    await tab.getByLabel('Errors of the candidate').fill('12');
    await expect
      .poll(async () => Number.parseFloat(await rolledBack.innerText()))
      .toBeGreaterThan(Math.max(before, 90));
    expect(await violations(tab)).toEqual([]);
    await tab.setViewportSize({ width: 390, height: 800 });
    await expect.poll(() => overflows(tab)).toBe(false);
    expect(asked.filter((url) => !url.startsWith(`${origin}/assets/`))).toEqual([]);
  });
});

describe('after a run', () => {
  const generous = JSON.stringify({
    apiVersion: 'serin.dev/v1alpha1',
    kind: 'Experiment',
    metadata: { name: 'generous', namespace: 'default' },
    spec: { target: 'sample-app', objectives: [{ metric: 'error-rate', max: '90%' }], iterations: 30 },
  });

  test('it is judged by another manifest, in the browser', async () => {
    const { tab, open } = await look();
    await open('rolled-back');
    await tab.getByText('judge it by another manifest').click();
    const editor = tab.getByLabel('Manifest, YAML or JSON');
    const recordedEnd = tab.getByRole('row', { name: 'as recorded' }).getByRole('cell');
    const newEnd = tab.getByRole('row', { name: 'by this manifest' }).getByRole('cell');
    await editor.fill(generous);
    await tab.getByRole('heading', { name: 'Another decision' }).waitFor();
    expect(await recordedEnd.innerText()).toMatch(/^iteration \d+ rolls back: failed/);
    expect(await newEnd.innerText()).not.toMatch(/rolls back: failed/);
    await tab.getByText('interval by interval').click();
    expect(await violations(tab)).toEqual([]);
    await tab.setViewportSize({ width: 390, height: 800 });
    await expect.poll(() => overflows(tab)).toBe(false);
    await editor.fill('kind: Experiment');
    await tab.getByRole('heading', { name: 'Another decision' }).waitFor({ state: 'detached' });
    expect(await tab.locator('.issues li').count()).toBeGreaterThan(0);
  });
});

describe('a frozen page', () => {
  test('shows what people wrote as text, whatever it is', async () => {
    const hostile = '</script><script>document.title="taken"</script><!--<img src=x onerror=alert(1)>\u2028';
    const { page, ...frozen } = state('promoted');
    if (page.report === undefined) throw new Error('it has no report');
    const report = { ...page.report, name: hostile, reason: hostile, warnings: [hostile] };
    const headline = { what: hostile, why: hostile };
    const file = join(await mkdtemp(join(tmpdir(), 'serin-page-')), 'report.html');
    await writeFile(file, renderFrozen({ ...frozen, page: { ...page, report, headline } }, await readAssets()));
    const tab = await openTab(browser, { offline: true });
    await tab.goto(pathToFileURL(file).href);
    expect(await tab.getByRole('heading', { level: 1 }).innerText()).toContain('</script><script>');
    expect(await tab.title()).toContain('<img src=x onerror=alert(1)>');
    expect(await tab.locator('img').count()).toBe(0);
  });

  test.each(['promoted', 'failed-check', 'many-versions'])(
    'of %s shows all that the served one shows, from a file',
    async (name) => {
      const { facts, ...frozen } = state(name);
      const file = join(await mkdtemp(join(tmpdir(), 'serin-page-')), 'report.html');
      await writeFile(file, renderFrozen({ ...frozen, facts }, await readAssets()));
      const tab = await openTab(browser, { offline: true });
      const asked: string[] = [];
      tab.on('request', (request) => asked.push(request.url()));
      await tab.goto(pathToFileURL(file).href);
      await findHeadline(tab, frozen.page).waitFor();
      expect(asked).toEqual([pathToFileURL(file).href]);
      expect(await tab.locator('.chart').count()).toBe(hasCharts(frozen) ? 5 : 0);
      expect(await tab.locator('section.actions').count()).toBe(0);
      expect(await violations(tab)).toEqual([]);
    },
  );
});
