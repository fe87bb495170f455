const mostRequests = 1e9;

/**
 * The smallest number of requests that suffices; infinite where even a billion do not.
 *
 * For evidence at a constant quality, which is convex in the number of requests: once it suffices, it does so for ever.
 */
export function leastRequests(suffices: (requests: number) => boolean): number {
  if (suffices(0)) return 0;
  let high = 1;
  while (!suffices(high)) {
    high *= 2;
    if (high > mostRequests) return Infinity;
  }
  let low = high / 2;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (suffices(middle)) high = middle;
    else low = middle;
  }
  return high;
}
