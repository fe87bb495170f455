import { useState } from 'preact/hooks';
import type { Report } from '../../core/report/report.ts';
import type { ExperimentRecord } from '../../server/api.ts';
import { stateWords } from '../parts/badge.tsx';
import { formatDateTime, formatTime } from '../times.ts';
import { groupEntries, listEntries } from './timeline-entries.ts';
import type { TimelineEntry, TimelineGroup } from './timeline-entries.ts';

/** Reads the facts of an interval, by its number. */
export type ReadExplanation = (number: number) => Promise<readonly string[]>;

interface TimelineProps {
  readonly record: ExperimentRecord | undefined;
  readonly startedAtMs: number;
  readonly explain: ReadExplanation;
  readonly report: Report | undefined;
}

/** How many entries are shown before somebody asks for all. */
const shownFirst = 30;

/** What happened, the latest first. */
export function Timeline({ record, startedAtMs, explain, report }: TimelineProps) {
  const [isWhole, setWhole] = useState(false);
  const entries = record === undefined ? [] : groupEntries(listEntries(record, report));
  const shown = isWhole ? entries : entries.slice(0, shownFirst);
  return (
    <section aria-labelledby="timeline">
      <h2 id="timeline">Timeline</h2>
      <ol class="timeline">
        {report?.completedAtMs !== undefined && (
          <li class="ended">
            <Time atMs={report.completedAtMs} />
            <div>
              <b>{stateWords(report.outcome ?? report.stage)}</b>
              <p class="why">{report.reason}</p>
            </div>
          </li>
        )}
        {shown.map((group) => (
          <Group key={`${group.at(-1)?.atMs} ${group.at(-1)?.what}`} group={group} explain={explain} />
        ))}
        {shown.length === entries.length && (
          <li class="begun">
            <Time atMs={Math.min(startedAtMs, ...groupTimes(entries))} />
            <div>Started</div>
          </li>
        )}
      </ol>
      {shown.length < entries.length && (
        <button type="button" onClick={() => setWhole(true)}>
          Show all {entries.length} entries
        </button>
      )}
    </section>
  );
}

/** When the entries were. One that was continued as new has older ones than its start. */
function groupTimes(groups: readonly TimelineGroup[]): readonly number[] {
  return groups.slice(-1).flatMap((group) => group.map(({ atMs }) => atMs));
}

function Group({ group, explain }: { readonly group: TimelineGroup; readonly explain: ReadExplanation }) {
  const [latest, ...others] = group;
  const earliest = others.at(-1);
  if (earliest === undefined) return <Entry entry={latest} explain={explain} />;
  return (
    <li class={latest.tone}>
      <Time atMs={latest.atMs} />
      <div>
        <span>
          Intervals {earliest.interval} to {latest.interval}: nothing changed
        </span>
        <p class="why">{latest.why}</p>
        <details>
          <summary>each of them</summary>
          <ol class="timeline">
            {group.map((entry) => (
              <Entry key={entry.atMs} entry={entry} explain={explain} />
            ))}
          </ol>
        </details>
      </div>
    </li>
  );
}

function Entry({ entry, explain }: { readonly entry: TimelineEntry; readonly explain: ReadExplanation }) {
  const { atMs, what, why, tone, interval } = entry;
  return (
    <li class={tone}>
      <Time atMs={atMs} />
      <div>
        <span>{what}</span>
        {why !== '' && <p class="why">{why}</p>}
        {interval !== undefined && <Explanation interval={interval} explain={explain} />}
      </div>
    </li>
  );
}

function Time({ atMs }: { readonly atMs: number }) {
  return (
    <time dateTime={new Date(atMs).toISOString()} title={formatDateTime(atMs)}>
      {formatTime(atMs)}
    </time>
  );
}

interface ExplanationProps {
  readonly interval: number;
  readonly explain: ReadExplanation;
}

/** What was asked, measured, compared and decided, as `serin explain` prints it. */
function Explanation({ interval, explain }: ExplanationProps) {
  const [text, setText] = useState<string>();
  const read = async (isOpen: boolean): Promise<void> => {
    if (!isOpen || text !== undefined) return;
    const lines = await explain(interval).catch((error: unknown) => [
      error instanceof Error ? error.message : String(error),
    ]);
    setText(lines.join('\n'));
  };
  return (
    <details onToggle={({ currentTarget }) => void read(currentTarget.open)}>
      <summary>what was measured and decided</summary>
      <pre>{text ?? 'reading …'}</pre>
    </details>
  );
}
