import type { ComponentType } from 'preact';
import { useLocation } from 'preact-iso';
import { useContext, useEffect, useState } from 'preact/hooks';
import type { Report } from '../../core/report/report.ts';
import { formatObjectName } from '../../core/text/object-name.ts';
import type { ExperimentPage, ExperimentRecord, FrozenPage, ServerFacts } from '../../server/api.ts';
import { Facts } from '../facts.ts';
import { TopBar } from '../parts/top-bar.tsx';
import { readJson, useStream } from '../server-connection.ts';
import { formatDateTime } from '../times.ts';
import { Actions } from './actions.tsx';
import { Commands } from './commands.tsx';
import { ExperimentHeadline } from './headline.tsx';
import { Objectives } from './objectives.tsx';
import { Requests } from './requests.tsx';
import { Timeline } from './timeline.tsx';
import type { ReadExplanation } from './timeline.tsx';
import { Traffic } from './traffic.tsx';
import { Versions } from './versions.tsx';

/** The experiment that the address names, as it goes on. */
export function LiveExperiment() {
  const facts = useContext(Facts);
  const { query } = useLocation();
  const workflowId = query['id'] ?? '';
  const of = `?id=${encodeURIComponent(workflowId)}`;
  const {
    value: page,
    connection,
    problem,
  } = useStream(
    workflowId === '' ? undefined : `/api/experiment${of}`,
    (_before: ExperimentPage | undefined, value) => value as ExperimentPage,
  );
  const record = useRecord(of, page);
  const explain: ReadExplanation = (number) => readJson(`/api/explanation${of}&interval=${number}`);
  const name = page?.report?.name || workflowId;
  useEffect(() => void (document.title = `${name} · serin`), [name]);
  return (
    <>
      <TopBar connection={connection}>
        <a href="/">Experiments</a> / {name}
      </TopBar>
      <main>
        {problem !== undefined && <p class="banner bad">{problem.message}</p>}
        {page === undefined && problem === undefined && <p class="empty">Reading {workflowId} …</p>}
        {page !== undefined && (
          <Experiment
            facts={facts}
            page={page}
            record={record}
            explain={explain}
            user={facts?.user}
            isStill={connection === 'ended'}
          />
        )}
      </main>
    </>
  );
}

/** A page that was written to a file: it shows what was true then. */
export function FrozenExperiment({ facts, page, record, explanations }: FrozenPage) {
  const name = page.report?.name || page.workflowId;
  useEffect(() => void (document.title = `${name} · serin`), [name]);
  const explain: ReadExplanation = (number) => Promise.resolve(explanations[number - 1] ?? []);
  return (
    <>
      <header class="top-bar">
        <span class="mark">serin</span>
        <nav aria-label="Path">{name}</nav>
        <span class="place">as of {formatDateTime(page.nowMs)}</span>
        <span class="connection ended">serin {facts.version}</span>
      </header>
      <main>
        <Experiment facts={facts} page={page} record={record} explain={explain} user={undefined} isStill isFrozen />
      </main>
    </>
  );
}

/** The record, read anew after each observation, and when the experiment ends. */
function useRecord(of: string, page: ExperimentPage | undefined): ExperimentRecord | undefined {
  const [record, setRecord] = useState<ExperimentRecord>();
  const report = page?.report;
  const observed = report && JSON.stringify([page.isClosed, ...whatChanges(report)]);
  useEffect(() => {
    if (observed === undefined) return undefined;
    let isOld = false;
    let timer: number | undefined;
    const read = (): Promise<void> =>
      readJson<ExperimentRecord>(`/api/record${of}`).then(
        (found) => void (isOld || setRecord(found)),
        // Before the manifest has been read there is none; and the server may be away.
        () => void (isOld || (timer = window.setTimeout(() => void read(), retryMs))),
      );
    void read();
    return () => {
      isOld = true;
      window.clearTimeout(timer);
    };
  }, [of, observed]);
  return record;
}

const retryMs = 5_000;

/** What the record of a run has news of, when it changes. */
function whatChanges(report: Report): readonly unknown[] {
  const { history, stage, message, outcome, paused, approved, abortRequested, weights } = report;
  return [history.at(-1)?.atMs, stage, message, outcome, paused?.atMs, approved?.atMs, abortRequested?.atMs, weights];
}

interface AfterProps {
  readonly workflowId: string;
}

/** What the run would have come to by another manifest. What judges it is loaded when somebody asks: it is larger than all else. */
function After({ workflowId }: AfterProps) {
  const [loaded, setLoaded] = useState<{ readonly Backtest: ComponentType<AfterProps> }>();
  const load = async (isOpen: boolean): Promise<void> => {
    if (isOpen && loaded === undefined) setLoaded(await import('../manifest/backtest.tsx'));
  };
  return (
    <section aria-labelledby="after">
      <h2 id="after">After</h2>
      <details onToggle={({ currentTarget }) => void load(currentTarget.open)}>
        <summary>judge it by another manifest</summary>
        {loaded !== undefined && <loaded.Backtest workflowId={workflowId} />}
      </details>
    </section>
  );
}

interface ExperimentProps {
  readonly facts: ServerFacts | undefined;
  readonly page: ExperimentPage;
  readonly record: ExperimentRecord | undefined;
  readonly explain: ReadExplanation;
  /** Who acts; undefined where the page only shows. */
  readonly user: string | undefined;
  readonly isStill: boolean;
  /** Whether it is a file, without a server. */
  readonly isFrozen?: boolean;
}

function Experiment({ facts, page, record, explain, user, isStill, isFrozen = false }: ExperimentProps) {
  const [chosen, onChoose] = useState<number>();
  const { report } = page;
  const course = record?.course;
  const choice = { chosen, onChoose };
  return (
    <article>
      <ExperimentHeadline page={page} isStill={isStill} />
      {user !== undefined && <Actions page={page} user={user} />}
      {report !== undefined && <Traffic report={report} course={course} {...choice} />}
      {report !== undefined && <Objectives report={report} course={course} {...choice} />}
      {report !== undefined && course !== undefined && <Requests course={course} {...choice} />}
      <Timeline record={record} startedAtMs={page.startedAtMs} explain={explain} report={report} />
      {report !== undefined && <Versions report={report} />}
      {report !== undefined && report.warnings.length > 0 && (
        <section aria-labelledby="warnings">
          <h2 id="warnings">Warnings</h2>
          <ul class="warnings">
            {report.warnings.map((warning) => (
              <li key={warning}>{warning}</li>
            ))}
          </ul>
        </section>
      )}
      {!isFrozen && course !== undefined && course.intervals.length > 0 && <After workflowId={page.workflowId} />}
      <Commands
        workflowId={page.workflowId}
        target={report !== undefined && report.name !== '' ? formatObjectName(report.target) : undefined}
        isClosed={page.isClosed}
        temporal={facts?.temporal}
      />
    </article>
  );
}
