import { useEffect, useState } from 'preact/hooks';
import type { Experiment } from '../../core/experiment/experiment.ts';
import { TopBar } from '../parts/top-bar.tsx';
import { ManifestEditor } from './manifest-editor.tsx';
import { Plan } from './plan.tsx';
import { describeExperiment, readText } from './read-text.ts';
import { Simulation } from './simulation-view.tsx';

/** What an experiment would do: its manifest is checked, planned and simulated here, and leaves the browser for nobody. */
export function ManifestPage() {
  const [text, setText] = useState('');
  const [requestsPerSecond, setRequestsPerSecond] = useState(20);
  useEffect(() => void (document.title = 'Before a run · serin'), []);
  const reading = text.trim() === '' ? undefined : readText(text);
  return (
    <>
      <TopBar>
        <a href="/">Experiments</a> / Before a run
      </TopBar>
      <main>
        <h1>Before a run</h1>
        <p class="quiet">
          Paste a manifest, or drop a file: it is checked, planned and simulated in this browser, and sent to nobody.
        </p>
        <ManifestEditor text={text} setText={setText} reading={reading} />
        {reading?.issues.length === 0 &&
          reading.experiments.map((experiment, index) => (
            <Outlook key={index} {...{ experiment, requestsPerSecond, setRequestsPerSecond }} />
          ))}
      </main>
    </>
  );
}

interface OutlookProps {
  readonly experiment: Experiment;
  readonly requestsPerSecond: number;
  readonly setRequestsPerSecond: (value: number) => void;
}

function Outlook({ experiment, requestsPerSecond, setRequestsPerSecond }: OutlookProps) {
  return (
    <section aria-label={experiment.name}>
      <h2>{experiment.name}</h2>
      <p class="quiet">{describeExperiment(experiment)}</p>
      <Plan experiment={experiment} requestsPerSecond={requestsPerSecond} />
      <Simulation {...{ experiment, requestsPerSecond, setRequestsPerSecond }} />
    </section>
  );
}
