/** The time of the run, epoch ms. Each workflow has this module to itself. */
let timeMs = Number.NaN;

/** Sets the time of the run to that of Temporal, which a replay finds too, as what has happened since the last time is about to be told. */
export function readClock(): void {
  timeMs = Date.now();
}

/** The time of the run: that of the latest message, timer or activity; what is done within a workflow task takes none. Epoch ms. */
export function currentTimeMs(): number {
  return timeMs;
}
