import { sequentialAnalysis } from '../../core/experiment/analysis.ts';
import type { Experiment } from '../../core/experiment/experiment.ts';
import { readHistory } from '../../metrics/prometheus/history.ts';
import { measure } from '../../metrics/prometheus/measure.ts';
import { connectPrometheus } from '../../metrics/prometheus/prometheus.ts';
import { surveyRevisions } from '../../metrics/prometheus/survey.ts';
import { anExperiment } from '../../test/support/builders.ts';
import { revisions, scrapeIntervalMs } from './write-pods.ts';

/** What one reading has cost. */
export interface Cost {
  readonly ms: number;
  /** How much memory the process has taken for it. */
  readonly bytes: number;
}

const [baseline, candidate] = revisions;
const target = { namespace: 'default', name: 'app' };
const minute = 60_000;
const experiment = anExperiment({
  intervalMs: minute,
  target,
  baseline: { name: 'v1', revision: baseline, variables: {} },
  candidates: [{ name: 'v2', revision: candidate, variables: {} }],
  objectives: [
    { metric: 'error-rate', upperLimit: 0.01, rollbackOnFailure: false },
    { metric: '95th-percentile-tail-latency', upperLimit: 100, rollbackOnFailure: false },
    { metric: 'mean-latency', upperLimit: 50, rollbackOnFailure: false },
  ],
});
const { signal } = new AbortController();

/** What the preflight and the run read of a store. */
export const readings = {
  'history for sequential': (url: string) =>
    history(url, { ...experiment, analysis: { ...experiment.analysis, ...sequentialAnalysis } }),
  'history for threshold': (url: string) => history(url, experiment),
  preflight: (baseUrl: string) =>
    surveyRevisions(connectPrometheus({ baseUrl, signal, limitMs: minute }), {
      namespace: target.namespace,
      revisions,
      now: Date.now,
      windowMs: 5 * minute,
      scrapeIntervalMs,
    }),
  'interval of a minute': (baseUrl: string) => {
    const fromMs = Date.now() - minute;
    // As in a run, the last two minutes are counted anew.
    const checkpoint = { sinceMs: fromMs - 2 * minute, seenMs: fromMs, counted: [] };
    return measure({ baseUrl, scrapeIntervalMs, target, revisions, fromMs, checkpoint, now: Date.now, signal });
  },
} satisfies Record<string, (url: string) => Promise<unknown>>;

export function isReading(name: string): name is keyof typeof readings {
  return Object.hasOwn(readings, name);
}

async function history(baseUrl: string, judged: Experiment): Promise<void> {
  const { unread, intervals } = await readHistory({ baseUrl, experiment: judged, nowMs: Date.now(), signal });
  if (unread !== undefined || intervals < 55) throw new Error(unread ?? `only ${intervals} intervals`);
}
