/** The odds from which the number itself is not shown. */
const mostOdds = 1e12;

/** Formats an e-value as odds, from its natural log: `340:1` for, `1:12` against, `2.5:1` where it is small. */
export function formatOdds(log: number): string {
  if (log === -Infinity) return '0:1';
  return log >= 0 ? `${formatNumber(Math.exp(log))}:1` : `1:${formatNumber(Math.exp(-log))}`;
}

function formatNumber(odds: number): string {
  if (odds >= mostOdds) return '>1e12';
  if (odds >= 10) return String(Math.round(odds));
  return String(Number(odds.toFixed(1)));
}
