/** A share as percent, in the reader's own form. */
export function formatShare(share: number): string {
  return `${(100 * share).toLocaleString(undefined, { maximumSignificantDigits: 3 })} %`;
}
