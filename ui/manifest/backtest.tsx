import { useEffect, useState } from 'preact/hooks';
import { backtest, planWords } from '../../core/offline/backtest.ts';
import type { Backtest as Result, RecordedRun } from '../../core/offline/backtest.ts';
import type { RejudgedInterval } from '../../core/offline/rejudge.ts';
import { readJson } from '../server-connection.ts';
import { formatTime } from '../times.ts';
import { ManifestEditor } from './manifest-editor.tsx';
import { readText } from './read-text.ts';

/** What was measured in a run, judged by another manifest, in this browser. */
export function Backtest({ workflowId }: { readonly workflowId: string }) {
  const [text, setText] = useState('');
  const [recorded, setRecorded] = useState<RecordedRun>();
  const [problem, setProblem] = useState<string>();
  const reading = text.trim() === '' ? undefined : readText(text);
  const isAsked = reading?.issues.length === 0 && reading.experiments.length > 0;
  useEffect(() => {
    if (!isAsked || recorded !== undefined) return;
    readJson<RecordedRun>(`/api/recorded?id=${encodeURIComponent(workflowId)}`).then(setRecorded, (error: unknown) =>
      setProblem(error instanceof Error ? error.message : String(error)),
    );
  }, [workflowId, isAsked, recorded]);
  return (
    <>
      <p class="quiet">
        The requests and weights of the record, judged anew by the objectives and the method of a manifest, in this
        browser. What another weight would have measured nobody knows, so the weights stay; what people asked for is
        left out.
      </p>
      <ManifestEditor text={text} setText={setText} reading={reading} />
      {isAsked && problem !== undefined && <p class="banner bad">{problem}</p>}
      {isAsked &&
        recorded !== undefined &&
        reading.experiments.map((experiment, index) => (
          <Comparison key={index} name={experiment.name} result={backtest(recorded, experiment)} />
        ))}
    </>
  );
}

function Comparison({ name, result }: { readonly name: string; readonly result: Result }) {
  const { recorded, rejudged, isChanged, intervals } = result;
  return (
    <section aria-label={`By ${name}`}>
      <h3>{isChanged ? 'Another decision' : 'The same decision'}</h3>
      <table>
        <tbody>
          <tr>
            <th scope="row">as recorded</th>
            <td>{recorded.words}</td>
          </tr>
          <tr>
            <th scope="row">by this manifest</th>
            <td>{rejudged.words}</td>
          </tr>
        </tbody>
      </table>
      <details>
        <summary>interval by interval</summary>
        <ol>
          {intervals.map((one) => (
            <li key={one.interval.atMs}>{describe(one)}</li>
          ))}
        </ol>
      </details>
    </section>
  );
}

function describe({ interval: { atMs, weights }, plan }: RejudgedInterval): string {
  return `${formatTime(atMs)}, ${weights.map((weight) => `${weight} %`).join(', ')}: ${planWords(plan)}`;
}
