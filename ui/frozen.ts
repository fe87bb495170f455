import type { FrozenPage } from '../server/api.ts';

/** What a frozen page shows; undefined on one that has a server. */
export const frozen: FrozenPage | undefined = readFrozen();

function readFrozen(): FrozenPage | undefined {
  const text = document.querySelector('#frozen')?.textContent;
  return text ? (JSON.parse(text) as FrozenPage) : undefined;
}
