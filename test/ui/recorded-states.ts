import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { findAttention } from '../../core/report/attention.ts';
import { buildHeadline } from '../../core/report/headline.ts';
import { defined } from '../../core/text/defined.ts';
import type { FrozenPage } from '../../server/api.ts';

/** The file of a recorded state; without a name the folder of all. */
export function stateFile(name?: string): string {
  return fileURLToPath(new URL(`./states/${name === undefined ? '' : `${name}.json`}`, import.meta.url));
}

/** All recorded states by their names; what is said of them is said by the code as it is. */
export function readStates(): ReadonlyMap<string, FrozenPage> {
  const names = readdirSync(stateFile()).map((file) => file.replace(/\.json$/, ''));
  return new Map(
    names.map((name) => [name, judgeAnew(JSON.parse(readFileSync(stateFile(name), 'utf8')) as FrozenPage)]),
  );
}

function judgeAnew({ page, ...frozen }: FrozenPage): FrozenPage {
  const { report, isClosed } = page;
  if (report === undefined) return { ...frozen, page };
  const { attention: _attention, headline: _headline, ...facts } = page;
  const attention = findAttention({ report, isClosed });
  return { ...frozen, page: { ...facts, headline: buildHeadline(report), ...defined({ attention }) } };
}
