import type { Answered, Course } from '../../core/report/course.ts';
import { TimeChart } from '../charts/time-chart.tsx';
import type { Series } from '../charts/time-chart.tsx';
import type { Choice } from './traffic.tsx';

/** What each version answered, interval by interval. */
export function Requests({ course, ...choice }: Choice & { readonly course: Course }) {
  const { intervals, versions } = course;
  if (intervals.every(({ answered }) => answered.length === 0)) return null;
  const times = intervals.map(({ atMs }) => atMs);
  const totals = versions.map((_, version) => sum(intervals.flatMap(({ answered }) => answered[version] ?? [])));
  return (
    <section aria-labelledby="requests">
      <h2 id="requests">Requests and errors</h2>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">Version</th>
              <th scope="col" class="number">
                Requests
              </th>
              <th scope="col" class="number">
                Errors (5xx)
              </th>
            </tr>
          </thead>
          <tbody>
            {versions.map((name, version) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td class="number">{(totals[version]?.requests ?? 0).toLocaleString()}</td>
                <td class="number">{(totals[version]?.errors ?? 0).toLocaleString()}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {intervals.length > 1 && (
        <div class="side-by-side">
          <TimeChart
            title="Requests in each interval"
            series={read(course, 'requests')}
            highest={1}
            times={times}
            format={whole}
            {...choice}
          />
          <TimeChart
            title="Errors in each interval"
            series={read(course, 'errors')}
            highest={4}
            times={times}
            format={whole}
            {...choice}
          />
        </div>
      )}
    </section>
  );
}

function read({ versions, intervals }: Course, what: keyof Answered): readonly Series[] {
  return versions.map((name, version) => ({
    name: `${what === 'requests' ? '' : 'errors of '}${name}`,
    version,
    points: intervals.map(({ atMs, answered }) => ({ atMs, value: answered[version]?.[what] })),
  }));
}

function sum(all: readonly Answered[]): Answered {
  return all.reduce(
    (before, { requests, errors }) => ({ requests: before.requests + requests, errors: before.errors + errors }),
    { requests: 0, errors: 0 },
  );
}

function whole(value: number): string {
  return Math.round(value).toLocaleString();
}
