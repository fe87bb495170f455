import { useEffect, useRef, useState } from 'preact/hooks';
import type { Experiment } from '../../core/experiment/experiment.ts';
import type { Issue } from '../../formats/document/issue.ts';
import { Sign } from '../parts/sign.tsx';
import { TopBar } from '../parts/top-bar.tsx';
import { Plan } from './plan.tsx';
import { describeExperiment, findOffset, readText } from './read-text.ts';
import { Simulation } from './simulation-view.tsx';

/** What an experiment would do: its manifest is checked, planned and simulated here, and leaves the browser for nobody. */
export function ManifestPage() {
  const [text, setText] = useState('');
  const [requestsPerSecond, setRequestsPerSecond] = useState(20);
  const editor = useRef<HTMLTextAreaElement>(null);
  useEffect(() => void (document.title = 'Before a run · serin'), []);
  const reading = text.trim() === '' ? undefined : readText(text);
  const show = (issue: Issue): void => {
    const offset = findOffset(text, issue);
    editor.current?.focus();
    editor.current?.setSelectionRange(offset, offset + 1);
  };
  const open = async (file: File | undefined): Promise<void> => {
    if (file !== undefined) setText(await file.text());
  };
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
        <label class="editor">
          <span>Manifest, YAML or JSON</span>
          <textarea
            ref={editor}
            value={text}
            rows={16}
            spellcheck={false}
            onInput={({ currentTarget }) => setText(currentTarget.value)}
            onDragOver={(event) => event.preventDefault()}
            onDrop={(event) => {
              event.preventDefault();
              void open(event.dataTransfer?.files[0]);
            }}
          />
        </label>
        <label class="file">
          <span>or a file</span>
          <input
            type="file"
            accept=".yaml,.yml,.json"
            onChange={({ currentTarget }) => void open(currentTarget.files?.[0])}
          />
        </label>
        {reading !== undefined && (
          <section aria-labelledby="check">
            <h2 id="check">Check</h2>
            <Issues issues={reading.issues} tone="bad" sign="✗" show={show} />
            <Issues issues={reading.warnings} tone="warning" sign="!" show={show} />
            {reading.issues.length === 0 && (
              <p role="status">
                <Sign sign="✓" words="it can be used" tone="good" />
              </p>
            )}
          </section>
        )}
        {reading?.issues.length === 0 &&
          reading.experiments.map((experiment, index) => (
            <Outlook key={index} {...{ experiment, requestsPerSecond, setRequestsPerSecond }} />
          ))}
      </main>
    </>
  );
}

interface IssuesProps {
  readonly issues: readonly Issue[];
  readonly tone: string;
  readonly sign: string;
  readonly show: (issue: Issue) => void;
}

function Issues({ issues, tone, sign, show }: IssuesProps) {
  if (issues.length === 0) return null;
  return (
    <ul class="issues">
      {issues.map((issue, index) => (
        <li key={index}>
          <span class={`badge ${tone}`} aria-hidden="true">
            {sign}
          </span>
          <button type="button" onClick={() => show(issue)}>
            {issue.line === undefined ? 'manifest' : `line ${issue.line}, column ${issue.column ?? 1}`}
          </button>
          <span>
            <code>{issue.path}</code>: expected {issue.expected}, got {issue.got}
          </span>
        </li>
      ))}
    </ul>
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
