/** How far back an earlier sample of a counter that seems new is searched: Prometheus' own look-back delta. */
export const lookbackMs = 5 * 60_000;

/** How much later than newer samples a sample may show and still be counted, whatever its series. */
export const settleMs = 2 * 60_000;

/** How far counting again goes back for a series that is silent: it may be out of sight only. */
export const holdBackMs = 2 * lookbackMs;
