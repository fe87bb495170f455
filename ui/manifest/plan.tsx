import type { Experiment } from '../../core/experiment/experiment.ts';
import { distinctSteps, forecast } from '../../core/offline/forecast.ts';
import type { PassForecast } from '../../core/offline/forecast.ts';
import { formatObjective } from '../../core/report/describe-assessment.ts';
import { formatDuration } from '../../core/text/duration.ts';

interface PlanProps {
  readonly experiment: Experiment;
  readonly requestsPerSecond: number;
}

/** The steps of a run, how long it takes, and what a verdict needs, as `serin plan` says it. */
export function Plan({ experiment, requestsPerSecond }: PlanProps) {
  const { steps, shortestMs, longestMs, objectives, canPass, warnings } = forecast(experiment, { requestsPerSecond });
  const duration =
    longestMs === shortestMs
      ? `at least ${formatDuration(shortestMs)}`
      : `${formatDuration(shortestMs)} to ${formatDuration(longestMs)}`;
  return (
    <>
      <h3>Plan at {requestsPerSecond} requests a second</h3>
      <p>
        {experiment.iterations} iterations of {formatDuration(experiment.intervalMs)}: {duration}; a bad candidate ends
        it sooner. {canPass ? '' : 'No verdict can be reached in this time.'}
      </p>
      {warnings.map((warning) => (
        <p key={warning} class="banner warning">
          {warning}
        </p>
      ))}
      <div class="side-by-side">
        <div class="scroll">
          <table>
            <thead>
              <tr>
                <th scope="col">From</th>
                <th scope="col" class="number">
                  Each candidate
                </th>
                <th scope="col" class="number">
                  Its requests by then
                </th>
              </tr>
            </thead>
            <tbody>
              {distinctSteps(steps).map(({ atMs, weight, candidateRequests }) => (
                <tr key={atMs}>
                  <td>{formatDuration(atMs)}</td>
                  <td class="number">{weight} %</td>
                  <td class="number">{candidateRequests?.toLocaleString() ?? '–'}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        <div class="scroll">
          <table>
            <thead>
              <tr>
                <th scope="col">Objective</th>
                <th scope="col">Passes at best after</th>
                <th scope="col">At half the limit</th>
              </tr>
            </thead>
            <tbody>
              {objectives.map(({ objective, atBest, halfway }, index) => (
                <tr key={index}>
                  <td>{formatObjective(objective, experiment.writtenMetrics)}</td>
                  <td>{formatPass(atBest)}</td>
                  <td>{formatPass(halfway)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </div>
    </>
  );
}

function formatPass({ requests, afterMs }: PassForecast): string {
  if (requests === undefined) return 'never';
  const words = `${requests.toLocaleString()} requests`;
  return afterMs === undefined ? words : `${words}, ${formatDuration(afterMs)}`;
}
