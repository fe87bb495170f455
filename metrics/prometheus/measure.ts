import { formatDuration } from '../../core/text/duration.ts';
import type { ObjectName } from '../../core/experiment/experiment.ts';
import { noCounts } from '../../core/measurements/measurement.ts';
import type { Question, RunMeasurement } from '../../core/measurements/measurement.ts';
import { type Window, isBornIn } from './difference.ts';
import { type PodHistogram, assembleHistograms } from './histogram.ts';
import { type Prometheus, connectPrometheus } from './prometheus.ts';
import { readCounters } from './readings.ts';
import { countRevision } from './revision-counts.ts';
import { lookbackMs, remembers, requireFresh } from './scraping.ts';
import { Unmeasured } from '../unmeasured.ts';

/** What to measure, where, and in which window. */
export interface MeasureInput {
  /** A Prometheus-compatible HTTP API: `http://prometheus:9090`. */
  readonly baseUrl: string;
  /** How often Prometheus scrapes the revisions' pods. */
  readonly scrapeIntervalMs: number;
  /** Only its namespace is used: revisions are known by their names. */
  readonly target: ObjectName;
  /** The revisions of all versions, the baseline first. */
  readonly revisions: readonly string[];
  /** Epoch ms; the window is (fromMs, nowMs - scrapeIntervalMs]. */
  readonly fromMs: number;
  readonly nowMs: number;
  /** Aborts the measurement; the abort is rethrown, not reported as an outage. */
  readonly signal: AbortSignal;
}

/** The limit of all queries of one measurement together; the activity's own limit is above it. */
const answerLimitMs = 10_000;

/**
 * Measures all versions over one window from raw counters.
 *
 * The window ends one scrape ago, when everything that was scraped until then has been stored. A back end that does not
 * answer, or did not scrape up to the end of the window, is `blind`; an answer that cannot be used is an `error`;
 * revisions without series had no requests.
 */
export async function measure(input: MeasureInput): Promise<RunMeasurement> {
  const window = { fromMs: input.fromMs, toMs: input.nowMs - input.scrapeIntervalMs };
  if (window.toMs <= window.fromMs) return { kind: 'error', reason: describeShortWindow(input, window) };
  try {
    return { kind: 'measured', ...window, ...(await countVersions(input, window)) };
  } catch (error) {
    if (error instanceof Unmeasured) return { kind: error.kind, reason: error.message };
    throw error;
  }
}

async function countVersions(input: MeasureInput, window: Window) {
  const { baseUrl, signal, revisions } = input;
  const asked: Question[] = [];
  const prometheus = noting(connectPrometheus({ baseUrl, signal, limitMs: answerLimitMs }), asked);
  const { histograms, birthsCount } = await readWindow(prometheus, input, window);
  await requireFresh(prometheus, histograms, { window, scrapeIntervalMs: input.scrapeIntervalMs });
  const [baseline = noCounts, ...candidates] = revisions.map((revision) =>
    countRevision(revision, histograms, { window, birthsCount }),
  );
  return {
    baseline,
    candidates,
    // Queries without series are about other kinds of request metrics, and explain nothing.
    asked: asked.filter(({ series }) => series > 0),
  };
}

/** Records every query and the size of its answer. */
function noting(prometheus: Prometheus, asked: Question[]): Prometheus {
  return {
    ask: async (query) => {
      const answer = await prometheus.ask(query);
      const samples = answer.reduce((sum, series) => sum + series.samples.length, 0);
      asked.push({ ...query, series: answer.length, samples });
      return answer;
    },
  };
}

interface WindowHistograms {
  readonly histograms: readonly PodHistogram[];
  /** Whether a histogram that is new in the window began at 0 inside it. */
  readonly birthsCount: boolean;
}

/**
 * Two scrapes before the window hold the opening values of all that was scraped regularly. A counter that seems new
 * may only have been missed, as in pods under load, and counting its whole life again would be false: so a longer
 * range is read.
 */
async function readWindow(prometheus: Prometheus, input: MeasureInput, window: Window): Promise<WindowHistograms> {
  const near = await readHistograms(prometheus, input, window, 2 * input.scrapeIntervalMs);
  if (!near.some((histogram) => isBornIn(histogram, window))) return { histograms: near, birthsCount: true };
  const [far, birthsCount] = await Promise.all([
    readHistograms(prometheus, input, window, Math.max(lookbackMs, 2 * input.scrapeIntervalMs)),
    // One scrape earlier: every target has then been scraped once before the window.
    remembers(prometheus, { atMs: window.fromMs - input.scrapeIntervalMs, toMs: window.toMs }),
  ]);
  return { histograms: far, birthsCount };
}

async function readHistograms(
  prometheus: Prometheus,
  { target, revisions }: MeasureInput,
  { fromMs, toMs }: Window,
  beforeMs: number,
): Promise<readonly PodHistogram[]> {
  const rangeMs = toMs - fromMs + beforeMs;
  return assembleHistograms(await readCounters(prometheus, { namespace: target.namespace, revisions, toMs, rangeMs }));
}

function describeShortWindow({ scrapeIntervalMs }: MeasureInput, { fromMs, toMs }: Window): string {
  const scrape = formatDuration(scrapeIntervalMs);
  const [from, to] = [new Date(fromMs).toISOString(), new Date(toMs).toISOString()];
  return (
    `nothing to measure between ${from} and ${to}, one scrape of ${scrape} ago: the interval is not longer than a ` +
    'scrape; use an interval of at least two scrapes, or scrape more often'
  );
}
