import { connectPrometheus } from '../../metrics/prometheus/prometheus.ts';
import type { Prometheus } from '../../metrics/prometheus/prometheus.ts';
import { surveyFamilies, surveyRevisions } from '../../metrics/prometheus/survey.ts';
import type { RevisionSurvey } from '../../metrics/prometheus/survey.ts';
import { formatDuration } from '../../core/text/duration.ts';
import { formatObjectName } from '../../core/experiment/experiment.ts';
import { percentsByRevision } from '../../core/traffic/spec-traffic.ts';
import type { KnativeService } from '../../kubernetes/knative/objects.ts';
import { failFinding, failureText, okFinding, warnFinding } from './finding.ts';
import type { Finding } from './finding.ts';

const windowMs = 5 * 60_000;
/** The time limit for all queries together. */
const limitMs = 20_000;

export interface MetricsScope {
  readonly url: string;
  readonly services: readonly KnativeService[];
  readonly signal: AbortSignal;
}

/** Checks which request metrics Prometheus has, and which it has of each revision with traffic. */
export async function checkPrometheus({ url, services, signal }: MetricsScope): Promise<readonly Finding[]> {
  const prometheus = connectPrometheus({ baseUrl: url, signal, limitMs });
  try {
    const nowMs = Date.now();
    const families = await checkFamilies(prometheus, nowMs);
    const revisions = await Promise.all(services.map((service) => checkService(prometheus, service, nowMs)));
    return [families, ...revisions.flat()];
  } catch (error) {
    return [
      failFinding(failureText(error), 'point --prometheus or SERIN_PROMETHEUS_URL to the Prometheus of the cluster'),
    ];
  }
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
  const survey = await surveyRevisions(prometheus, { namespace, revisions, nowMs, windowMs });
  const target = formatObjectName(metadata);
  if (survey.kind === 'observed') return survey.revisions.map((revision) => surveyFinding(target, revision));
  return [failFinding(`${target}: no interval can be measured: ${survey.reason}`, 'see docs/metrics.md')];
}

function surveyFinding(target: string, { revision, families, pods, scrapes, requests }: RevisionSurvey): Finding {
  const time = `in the last ${formatDuration(windowMs)}`;
  const name = `${target}: ${revision}`;
  if (scrapes === 0) {
    const remedy = 'send it requests; if it has some, let Prometheus scrape its pods: docs/metrics.md';
    return warnFinding(`${name} has no request metrics ${time}`, remedy);
  }
  const observed = `${requests} requests, ${scrapes} scrapes of ${pods} ${pods === 1 ? 'pod' : 'pods'} ${time} (${families.join(', ')})`;
  return okFinding(`${name}: ${observed}`);
}
