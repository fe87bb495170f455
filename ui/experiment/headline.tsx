import { formatDuration } from '../../core/text/duration.ts';
import { formatObjectName } from '../../core/text/object-name.ts';
import type { ExperimentPage } from '../../server/api.ts';
import { AttentionBadge } from '../parts/attention.tsx';
import { Badge } from '../parts/badge.tsx';
import { formatDateTime, formatTime } from '../times.ts';

/** What is happening, why, and what happens next and when. */
export function ExperimentHeadline({ page, nowMs }: { readonly page: ExperimentPage; readonly nowMs: number }) {
  const { report, headline, attention, note, workflowId, startedAtMs, closedAtMs } = page;
  const isNamed = report !== undefined && report.name !== '';
  return (
    <section class="headline" aria-label="What is happening">
      <div class="title-row">
        <h1>{isNamed ? report.name : workflowId}</h1>
        <Badge stage={report?.stage} outcome={report?.outcome} />
        {attention !== undefined && <AttentionBadge attention={attention} />}
      </div>
      {isNamed && (
        <p class="facts">
          <span>
            target <b>{formatObjectName(report.target)}</b>
          </span>
          <span>
            {report.testingPattern}, {report.deploymentPattern}
          </span>
          <span>
            every {formatDuration(report.intervalMs)}, {report.iterations} iterations planned
          </span>
          <span>started {formatDateTime(startedAtMs)}</span>
          {closedAtMs !== undefined && <span>took {formatDuration(closedAtMs - startedAtMs)}</span>}
          {report.timeToSafeMs !== undefined && <span>safe after {formatDuration(report.timeToSafeMs)}</span>}
        </p>
      )}
      {headline !== undefined && (
        <div class={`happening ${tone(page)}`} aria-live="polite">
          <p class="what">{headline.what}</p>
          {headline.why !== '' && <p class="why">{headline.why}</p>}
        </div>
      )}
      {headline?.next !== undefined && report?.outcome === undefined && !page.isClosed && (
        <p class="next-step">
          <span class="quiet">Next:</span> {headline.next.what}
          {headline.next.atMs !== undefined && <Countdown atMs={headline.next.atMs} nowMs={nowMs} />}
        </p>
      )}
      {note !== undefined && <p class="banner bad">{note}</p>}
    </section>
  );
}

function tone({ report, attention }: ExperimentPage): string {
  if (attention === 'stuck' || attention === 'unsafe' || report?.outcome === 'Failed') return 'bad';
  if (report?.outcome === 'Promoted' || report?.outcome === 'Concluded') return 'good';
  if (report?.outcome !== undefined) return 'warning';
  if (attention === 'approval') return 'call';
  return attention === undefined || attention === 'waiting' ? '' : 'warning';
}

function Countdown({ atMs, nowMs }: { readonly atMs: number; readonly nowMs: number }) {
  const leftMs = atMs - nowMs;
  const left = leftMs > 0 ? `in ${formatDuration(Math.ceil(leftMs / 1000) * 1000)}` : 'now';
  return (
    <span class="countdown">
      {' '}
      <b role="timer">{left}</b> <span class="quiet">at {formatTime(atMs)}</span>
    </span>
  );
}
