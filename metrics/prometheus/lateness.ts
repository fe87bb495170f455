/** How far back an earlier sample of a counter that seems new is searched: Prometheus' own look-back delta. */
export const lookbackMs = 5 * 60_000;

/** How much later than newer samples a sample may show and still be counted, whatever its series. */
export const settleMs = 2 * 60_000;

/** How far counting again goes back behind a gap of a series for gaps of others. */
export const holdBackMs = 2 * lookbackMs;
