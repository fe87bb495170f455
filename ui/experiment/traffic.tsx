import type { Course } from '../../core/report/course.ts';
import type { Report } from '../../core/report/report.ts';
import { isAlone, versionColumns } from '../../core/report/version-columns.ts';
import { TimeChart } from '../charts/time-chart.tsx';
import type { Series } from '../charts/time-chart.tsx';
import { SplitBar } from '../parts/split-bar.tsx';

/** Charts of one page choose an interval together. */
export interface Choice {
  readonly chosen: number | undefined;
  readonly onChoose: (index: number | undefined) => void;
}

interface TrafficProps extends Choice {
  readonly report: Report;
  readonly course: Course | undefined;
}

/** The split as planned last, and how it came about. */
export function Traffic({ report, course, ...choice }: TrafficProps) {
  const { startedAtMs, weights } = report;
  if (isAlone(report)) return null;
  const names = versionColumns(report).map(({ version }) => version.name);
  return (
    <section aria-labelledby="traffic">
      <h2 id="traffic">Traffic</h2>
      {startedAtMs === undefined ? (
        <p class="quiet">Untouched: the first step has not been taken.</p>
      ) : (
        <>
          <SplitBar weights={weights.candidates} names={names} />
          <p class="quiet">
            {weights.confirmed ? 'The cluster reports this split.' : 'Not confirmed by the cluster yet.'}
          </p>
        </>
      )}
      {course !== undefined && course.intervals.length > 1 && (
        <TimeChart
          title="Weights of the candidates over time, percent"
          series={weightSeries(report, course, names)}
          times={course.intervals.map(({ atMs }) => atMs)}
          isStep
          highest={10}
          cap={100}
          format={(value) => `${value} %`}
          {...choice}
        />
      )}
    </section>
  );
}

/** From the first step to the latest one, which has just begun. */
function weightSeries(
  { startedAtMs, completedAtMs, nextAtMs, weights }: Report,
  { intervals }: Course,
  [, ...candidates]: readonly string[],
): readonly Series[] {
  const lastAtMs = completedAtMs ?? nextAtMs;
  return candidates.map((name, index) => ({
    name,
    version: index + 1,
    points: [
      ...(startedAtMs === undefined ? [] : [{ atMs: startedAtMs, value: intervals[0]?.weights[index] }]),
      ...intervals.map(({ atMs, weights: during }) => ({ atMs, value: during[index] })),
      ...(lastAtMs === undefined ? [] : [{ atMs: lastAtMs, value: weights.candidates[index] }]),
    ],
  }));
}
