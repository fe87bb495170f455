import { formatDuration } from '../../core/text/duration.ts';
import { formatObjectName } from '../../core/text/object-name.ts';
import type { ExperimentPage } from '../../server/api.ts';
import { useServerTime } from '../clock.ts';
import { AttentionBadge } from '../parts/attention.tsx';
import { Badge } from '../parts/badge.tsx';
import { formatDateTime, formatTime } from '../times.ts';

/** What is happening, why, and what happens next and when. */
export function ExperimentHeadline({ page, isStill }: { readonly page: ExperimentPage; readonly isStill: boolean }) {
  const { report, headline, attention, note, workflowId, startedAtMs, closedAtMs } = page;
  const isNamed = report !== undefined && report.name !== '';
  return (
    <section class="headline" aria-label="What is happening">
      <div class="title-row">
        <h1>{isNamed ? report.name : workflowId}</h1>
        <Badge stage={report?.stage} outcome={report?.outcome} isClosed={page.isClosed} />
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
        <div class={`happening ${headline.tone ?? ''}`} aria-live="polite">
          <p class="what">{headline.what}</p>
          {headline.why !== '' && <p class="why">{headline.why}</p>}
        </div>
      )}
      {headline?.next !== undefined && report?.outcome === undefined && !page.isClosed && (
        <p class="next-step">
          <span class="quiet">Next:</span> {headline.next.what}
          {headline.next.atMs !== undefined && (
            <Countdown atMs={headline.next.atMs} readAtMs={page.nowMs} isStill={isStill} />
          )}
        </p>
      )}
      {note !== undefined && <p class="banner bad">{note}</p>}
    </section>
  );
}

/** Within so many hours a time of day says which day it is. */
const hoursMs = 12 * 3_600_000;

interface CountdownProps {
  readonly atMs: number;
  /** The server's time of what was read last. */
  readonly readAtMs: number;
  readonly isStill: boolean;
}

function Countdown({ atMs, readAtMs, isStill }: CountdownProps) {
  const nowMs = useServerTime(readAtMs, isStill) ?? readAtMs;
  const leftMs = atMs - nowMs;
  const left = leftMs > 0 ? `in ${formatDuration(Math.ceil(leftMs / 1000) * 1000)}` : 'now';
  return (
    <span class="countdown">
      {' '}
      <b role="timer">{left}</b>{' '}
      <span class="quiet">at {leftMs < hoursMs ? formatTime(atMs) : formatDateTime(atMs)}</span>
    </span>
  );
}
