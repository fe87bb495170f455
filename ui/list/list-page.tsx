import { useLocation } from 'preact-iso';
import { useEffect } from 'preact/hooks';
import { outcomes, stages } from '../../core/experiment/stage.ts';
import { formatDuration } from '../../core/text/duration.ts';
import { needsPerson } from '../../core/report/attention.ts';
import type { ListChange, ListedExperiment } from '../../server/api.ts';
import { useServerTime } from '../clock.ts';
import { AttentionBadge } from '../parts/attention.tsx';
import { Badge } from '../parts/badge.tsx';
import { SplitBar } from '../parts/split-bar.tsx';
import { TopBar } from '../parts/top-bar.tsx';
import { useStream } from '../server-connection.ts';
import { formatDateTime } from '../times.ts';
import { chooseExperiments, formatFilters, readFilters, targetNamespace } from './filters.ts';
import type { Filters } from './filters.ts';

interface List {
  readonly nowMs: number;
  readonly note: string | undefined;
  readonly experiments: ReadonlyMap<string, ListedExperiment>;
}

/** `change` is a `ListChange`. */
function applyChange(before: List | undefined, change: unknown): List {
  const { nowMs, changed, removed, note } = change as ListChange;
  const experiments = new Map(before?.experiments);
  for (const runId of removed) experiments.delete(runId);
  for (const one of changed) experiments.set(one.runId, one);
  return { nowMs, note, experiments };
}

/** The table of all experiments. */
export function ListPage() {
  const { value: list, connection } = useStream('/api/experiments', applyChange);
  const { url, route } = useLocation();
  const nowMs = useServerTime(list?.nowMs, false);
  useEffect(() => void (document.title = 'Experiments · serin'), []);
  const filters = readFilters(url.slice(url.indexOf('?') + 1 || url.length));
  const setFilters = (next: Filters): void => route(`/${formatFilters(next)}`, true);
  const all = [...(list?.experiments.values() ?? [])];
  const chosen = chooseExperiments(all, filters);
  return (
    <>
      <TopBar connection={connection} />
      <main class="wide">
        <div class="title-row">
          <h1>Experiments</h1>
          <Count all={all} chosen={chosen} isRead={list !== undefined} />
          <a class="aside" href="/before">
            Before a run
          </a>
        </div>
        <FilterBar filters={filters} setFilters={setFilters} experiments={all} />
        {list?.note !== undefined && <p class="banner bad">{list.note}</p>}
        {list === undefined && connection !== 'lost' && <p class="empty">Reading experiments …</p>}
        {list !== undefined && list.note === undefined && all.length === 0 && (
          <p class="empty">
            There are no experiments yet. <code>serin start -f FILE</code> starts one.
          </p>
        )}
        {all.length > 0 && chosen.length === 0 && <p class="empty">No experiment is like this.</p>}
        {chosen.length > 0 && nowMs !== undefined && <Table experiments={chosen} nowMs={nowMs} />}
      </main>
    </>
  );
}

interface CountProps {
  readonly all: readonly ListedExperiment[];
  readonly chosen: readonly ListedExperiment[];
  readonly isRead: boolean;
}

function Count({ all, chosen, isRead }: CountProps) {
  if (!isRead) return null;
  const open = all.filter(({ isClosed, outcome }) => !isClosed && outcome === undefined).length;
  const shown = chosen.length === all.length ? `${all.length}` : `${chosen.length} of ${all.length}`;
  return (
    <p class="quiet" role="status">
      {shown} shown, {open} running
    </p>
  );
}

interface FilterBarProps {
  readonly filters: Filters;
  readonly setFilters: (filters: Filters) => void;
  readonly experiments: readonly ListedExperiment[];
}

function FilterBar({ filters, setFilters, experiments }: FilterBarProps) {
  const namespaces = [...new Set(experiments.flatMap((one) => targetNamespace(one) ?? []))].toSorted();
  const waiting = experiments.filter(({ attention }) => needsPerson(attention)).length;
  return (
    <search class="filters">
      <label>
        <span>Find</span>
        <input
          type="search"
          placeholder="name, target or workflow id"
          value={filters.text}
          onInput={({ currentTarget }) => setFilters({ ...filters, text: currentTarget.value })}
        />
      </label>
      <Choice
        name="Namespace"
        value={filters.namespace}
        options={namespaces}
        onChange={(namespace) => setFilters({ ...filters, namespace })}
      />
      <Choice
        name="Stage"
        value={filters.stage}
        options={stages}
        onChange={(stage) => setFilters({ ...filters, stage })}
      />
      <Choice
        name="Outcome"
        value={filters.outcome}
        options={outcomes}
        onChange={(outcome) => setFilters({ ...filters, outcome })}
      />
      <label class="check">
        <input
          type="checkbox"
          checked={filters.needsMe}
          onChange={({ currentTarget }) => setFilters({ ...filters, needsMe: currentTarget.checked })}
        />
        <span>Needs a person ({waiting})</span>
      </label>
    </search>
  );
}

interface ChoiceProps {
  readonly name: string;
  readonly value: string;
  readonly options: readonly string[];
  readonly onChange: (value: string) => void;
}

function Choice({ name, value, options, onChange }: ChoiceProps) {
  const shown = value === '' || options.includes(value) ? options : [...options, value];
  return (
    <label>
      <span>{name}</span>
      <select value={value} onChange={({ currentTarget }) => onChange(currentTarget.value)}>
        <option value="">all</option>
        {shown.map((option) => (
          <option key={option} value={option}>
            {option}
          </option>
        ))}
      </select>
    </label>
  );
}

function Table({ experiments, nowMs }: { readonly experiments: readonly ListedExperiment[]; readonly nowMs: number }) {
  return (
    <table class="list">
      <thead>
        <tr>
          <th scope="col" class="state">
            State
          </th>
          <th scope="col" class="experiment">
            Experiment
          </th>
          <th scope="col">What is happening</th>
          <th scope="col" class="split-column">
            Traffic
          </th>
          <th scope="col" class="next">
            Next
          </th>
          <th scope="col" class="age">
            Age
          </th>
        </tr>
      </thead>
      <tbody>
        {experiments.map((one) => (
          <Row key={one.runId} experiment={one} nowMs={nowMs} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ experiment, nowMs }: { readonly experiment: ListedExperiment; readonly nowMs: number }) {
  const { workflowId, name, target, stage, outcome, attention, headline, weights, startedAtMs, closedAtMs, isClosed } =
    experiment;
  return (
    <tr>
      <td>
        {attention === undefined ? (
          <Badge {...{ stage, outcome, isClosed }} />
        ) : (
          <AttentionBadge attention={attention} />
        )}
      </td>
      <th scope="row">
        <a href={`/experiment?id=${encodeURIComponent(workflowId)}`}>{name ?? workflowId}</a>
        {target !== undefined && <span class="target">{target}</span>}
      </th>
      <td class="what">
        {headline?.what ?? ''}
        {headline !== undefined && headline.why !== '' && <span class="why">{headline.why}</span>}
      </td>
      <td>{weights.length > 0 && <SplitBar weights={weights} isSmall />}</td>
      <td class="next">{nextText(experiment, nowMs)}</td>
      <td>
        <time dateTime={new Date(startedAtMs).toISOString()} title={ageTitle(startedAtMs, closedAtMs)}>
          {formatDuration(Math.max(1_000, nowMs - (closedAtMs ?? startedAtMs)))}
          {closedAtMs === undefined ? '' : ' ago'}
        </time>
      </td>
    </tr>
  );
}

function nextText({ headline, outcome, isClosed }: ListedExperiment, nowMs: number): string {
  const atMs = headline?.next?.atMs;
  if (atMs === undefined || outcome !== undefined || isClosed) return '';
  return atMs > nowMs ? `in ${formatDuration(Math.ceil((atMs - nowMs) / 1000) * 1000)}` : 'now';
}

function ageTitle(startedAtMs: number, closedAtMs: number | undefined): string {
  const started = `started ${formatDateTime(startedAtMs)}`;
  return closedAtMs === undefined ? started : `${started}, ended ${formatDateTime(closedAtMs)}`;
}
