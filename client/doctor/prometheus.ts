import type { PrometheusPlace } from '../../metrics/prometheus/access.ts';
import { connectPrometheus } from '../../metrics/prometheus/prometheus.ts';
import type { Prometheus } from '../../metrics/prometheus/prometheus.ts';
import { newestScrape } from '../../metrics/prometheus/scraping.ts';
import { readStoreClock } from '../../metrics/prometheus/store-clock.ts';
import type { StoreClock } from '../../metrics/prometheus/store-clock.ts';
import { surveyFamilies, surveyRevisions } from '../../metrics/prometheus/survey.ts';
import type { RevisionSurvey } from '../../metrics/prometheus/survey.ts';
import { formatDuration } from '../../core/text/duration.ts';
import { formatClockDifference } from '../../core/measurements/visibility.ts';
import { formatObjectName } from '../../core/experiment/experiment.ts';
import { percentsByRevision } from '../../core/traffic/spec-traffic.ts';
import type { KnativeService } from '../../kubernetes/knative/objects.ts';
import { failFinding, failureText, okFinding, warnFinding } from './finding.ts';
import type { Finding } from './finding.ts';

const windowMs = 5 * 60_000;
/** A common one: the worker's own is not known here. */
const scrapeIntervalMs = 10_000;
/** The time limit for all queries together. */
const limitMs = 20_000;

export interface MetricsScope extends PrometheusPlace {
  readonly services: readonly KnativeService[];
  readonly signal: AbortSignal;
}

/** Checks which request metrics Prometheus has, and which it has of each revision with traffic. */
export async function checkPrometheus({ services, signal, ...place }: MetricsScope): Promise<readonly Finding[]> {
  const prometheus = connectPrometheus({ ...place, signal, limitMs });
  try {
    const clock = await readStoreClock(prometheus, Date.now);
    const { nowMs } = clock;
    const families = await checkFamilies(prometheus, nowMs);
    const revisions = await Promise.all(services.map((service) => checkService(prometheus, service, nowMs)));
    return [families, await checkTime(prometheus, clock), ...revisions.flat()];
  } catch (error) {
    return [
      failFinding(
        failureText(error),
        'check --prometheus or SERIN_PROMETHEUS_URL, and the settings beside it: docs/metrics.md',
      ),
    ];
  }
}

/** How late samples show at most, and how the clocks differ. Neither makes serin count wrongly; a lag delays its verdicts. */
async function checkTime(prometheus: Prometheus, clock: StoreClock): Promise<Finding> {
  const scrapedMs = await newestScrape(prometheus, clock);
  const age =
    scrapedMs === undefined
      ? 'it scrapes nothing itself'
      : `the newest scrape is ${formatDuration(Math.max(0, clock.nowMs - scrapedMs))} old`;
  return okFinding(`Prometheus' time: ${age}, ${formatClockDifference(clock.differenceMs)}`);
}

async function checkFamilies(prometheus: Prometheus, nowMs: number): Promise<Finding> {
  const families = (await surveyFamilies(prometheus, nowMs)).filter(({ series }) => series > 0);
  const shown = families.map(({ family, series }) => `${family} (${series} series)`).join(', ');
  if (families.length > 0) return okFinding(`Prometheus answers, with the request metrics ${shown}`);
  return warnFinding(
    'Prometheus answers, but has no request metrics that serin knows',
    "let it scrape the revisions' pods: docs/metrics.md",
  );
}

async function checkService(
  prometheus: Prometheus,
  { metadata, status }: KnativeService,
  nowMs: number,
): Promise<readonly Finding[]> {
  const { namespace } = metadata;
  const revisions = [...percentsByRevision(status?.traffic ?? []).keys()];
  const survey = await surveyRevisions(prometheus, { namespace, revisions, now: Date.now, windowMs, scrapeIntervalMs });
  const target = formatObjectName(metadata);
  if (survey.kind === 'observed') {
    const { noSeries } = survey;
    if (noSeries === undefined) return survey.revisions.map((revision) => surveyFinding(target, revision, nowMs));
    const remedy = 'send it requests; if it has some, let Prometheus scrape its pods: docs/metrics.md';
    return [warnFinding(`${target}: ${noSeries}; a run is blind while this lasts`, remedy)];
  }
  return [failFinding(`${target}: no interval can be measured: ${survey.reason}`, 'see docs/metrics.md')];
}

function surveyFinding(
  target: string,
  { revision, families, pods, scrapes, requests, newestMs }: RevisionSurvey,
  nowMs: number,
): Finding {
  const time = `in the last ${formatDuration(windowMs)}`;
  const name = `${target}: ${revision}`;
  if (scrapes === 0) {
    const remedy = 'send it requests; if it has some, let Prometheus scrape its pods: docs/metrics.md';
    return warnFinding(`${name} has no request metrics ${time}`, remedy);
  }
  const observed = `${requests} requests, ${scrapes} scrapes of ${pods} ${pods === 1 ? 'pod' : 'pods'} ${time} (${families.join(', ')})`;
  const age = newestMs === undefined ? '' : `, the newest sample ${formatDuration(Math.max(0, nowMs - newestMs))} old`;
  return okFinding(`${name}: ${observed}${age}`);
}
