import { useState } from 'preact/hooks';
import type { Experiment } from '../../core/experiment/experiment.ts';
import { formatDuration } from '../../core/text/duration.ts';
import { formatShare } from '../numbers.ts';
import { findObstacle, mostRuns, useSimulation } from './simulation.ts';
import type { Simulated, Traffic } from './simulation.ts';

interface SimulationProps {
  readonly experiment: Experiment;
  readonly requestsPerSecond: number;
  readonly setRequestsPerSecond: (value: number) => void;
}

/** How often a candidate would be promoted or rolled back, for traffic that is chosen by sliders. */
export function Simulation(props: SimulationProps) {
  const obstacle = findObstacle(props.experiment);
  return (
    <>
      <h3>Simulation</h3>
      {obstacle === undefined ? <Sliders {...props} /> : <p class="quiet">Not here: {obstacle}.</p>}
    </>
  );
}

function Sliders({ experiment, requestsPerSecond, setRequestsPerSecond }: SimulationProps) {
  const [others, setOthers] = useState({
    candidateErrorRate: 0.001,
    baselineErrorRate: 0.001,
    candidateTailMs: 50,
    baselineTailMs: 50,
  });
  const traffic: Traffic = { ...others, requestsPerSecond };
  const simulated = useSimulation(experiment, traffic);
  const set = (change: Partial<typeof others>): void => setOthers({ ...others, ...change });
  return (
    <div class="side-by-side">
      <div>
        <Slider
          name="Requests a second"
          range={rates}
          value={requestsPerSecond}
          onChange={setRequestsPerSecond}
          format={String}
        />
        <Slider
          name="Errors of the candidate"
          range={shares}
          value={others.candidateErrorRate}
          onChange={(candidateErrorRate) => set({ candidateErrorRate })}
          format={formatShare}
        />
        <Slider
          name="Errors of the baseline"
          range={shares}
          value={others.baselineErrorRate}
          onChange={(baselineErrorRate) => set({ baselineErrorRate })}
          format={formatShare}
        />
        <Slider
          name="95th percentile of the candidate"
          range={latencies}
          value={others.candidateTailMs}
          onChange={(candidateTailMs) => set({ candidateTailMs })}
          format={milliseconds}
        />
        <Slider
          name="95th percentile of the baseline"
          range={latencies}
          value={others.baselineTailMs}
          onChange={(baselineTailMs) => set({ baselineTailMs })}
          format={milliseconds}
        />
      </div>
      <div aria-live="polite">
        {simulated === undefined ? <p class="quiet">Simulating …</p> : <Outcomes {...simulated} />}
      </div>
    </div>
  );
}

/** The values that a slider takes, in steps that people would make. */
const rates = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000];
const shares = [0, 0.0005, 0.001, 0.002, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5];
const latencies = [10, 20, 50, 75, 100, 150, 200, 300, 500, 1_000, 2_000];

interface SliderProps {
  readonly name: string;
  readonly range: readonly number[];
  readonly value: number;
  readonly onChange: (value: number) => void;
  readonly format: (value: number) => string;
}

function Slider({ name, range, value, onChange, format }: SliderProps) {
  return (
    <label class="slider">
      <span>
        {name} <b>{format(value)}</b>
      </span>
      <input
        type="range"
        min={0}
        max={range.length - 1}
        value={range.indexOf(value)}
        aria-valuetext={format(value)}
        onInput={({ currentTarget }) => onChange(range[Number(currentTarget.value)] ?? value)}
      />
    </label>
  );
}

function Outcomes({ runs, summary }: Simulated) {
  const { promoted, rolledBack, undecided, timeToDecisionMs, badRequests } = summary;
  const rows = [
    ['✓ promoted', promoted],
    ['✗ rolled back by a verdict', rolledBack],
    ['… undecided', undecided],
  ] as const;
  return (
    <>
      <table>
        <tbody>
          {rows.map(([name, share]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>
                <meter min={0} max={100} value={share} aria-label={name} />
              </td>
              <td class="number">{share.toFixed(1)} %</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p>
        Time to a decision: median {formatDuration(timeToDecisionMs.median)}, 95 % within{' '}
        {formatDuration(timeToDecisionMs.p95)}. Bad requests of candidates: mean {badRequests.mean.toFixed(1)}, 95 % at
        most {badRequests.p95}.
      </p>
      <p class="quiet">{runs < mostRuns ? `${runs} of ${mostRuns} runs` : `${runs} runs`}</p>
    </>
  );
}

function milliseconds(ms: number): string {
  return `${ms.toLocaleString()} ms`;
}
