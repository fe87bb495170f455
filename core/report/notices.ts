import type { ExperimentState } from '../planner/experiment-state.ts';
import type { Notice, NoticeEvent, NoticeFact } from '../experiment/notice.ts';
import { findNews, withNotices } from '../planner/outbox.ts';
import type { Condition } from '../planner/outbox.ts';
import { withWarnings } from '../planner/state-transitions.ts';
import { formatRequest } from '../planner/requests.ts';
import { isStillJudged } from '../planner/candidate-state.ts';
import { judgedVersions } from '../experiment/versions.ts';
import { formatObjectName } from '../experiment/experiment.ts';
import type { Outcome } from '../experiment/stage.ts';
import { cutText, limits } from '../text/limits.ts';
import { buildHeadline } from './headline.ts';
import { buildReport } from './report-of-state.ts';
import type { Report } from './report.ts';
import { versionColumns } from './version-columns.ts';
import { formatProgress } from './web-ui-details.ts';

/** What people are told of: of each condition the subjects for which it is so. */
type Conditions = Readonly<Record<Exclude<NoticeEvent, 'Sighted' | 'Resumed'>, (told: Telling) => readonly string[]>>;

interface Telling {
  readonly state: ExperimentState;
  readonly nowMs: number;
}

const once: readonly string[] = [''];
const never: readonly string[] = [];

const conditions: Conditions = {
  Waiting: ({ state: { waitingFor } }) => (waitingFor === undefined ? never : [waitingFor.firstRunId]),
  Started: ({ state: { clock } }) => (clock.startedAtMs === undefined ? never : once),
  Suspect: ({ state }) => candidatesWhere(state, (candidate) => candidate.suspect && isStillJudged(candidate)),
  Eliminated: ({ state }) => candidatesWhere(state, (candidate) => !isStillJudged(candidate)),
  Blind: ({ state: { blind } }) => (blind === undefined ? never : once),
  Paused: ({ state: { paused } }) => (paused === undefined ? never : [String(paused.atMs)]),
  Closed: ({ state: { closed } }) => (closed === undefined ? never : [closed.why]),
  ApprovalNeeded: ({ state }) => openGates(state),
  Reminder: ({ state, nowMs }) => reminders(state, nowMs),
  Approved: ({ state: { gate } }) => (gate?.approved === undefined ? never : [String(gate.openedAtMs)]),
  Rejected: ({ state: { gate, bake } }) => {
    if (bake?.rejected !== undefined) return [String(bake.startedAtMs)];
    return gate?.rejected === undefined ? never : [String(gate.openedAtMs)];
  },
  Baking: ({ state: { stage } }) => (stage === 'Baking' ? once : never),
  Promoted: endedAs('Promoted'),
  Concluded: endedAs('Concluded'),
  RolledBack: endedAs('RolledBack'),
  Aborted: endedAs('Aborted'),
  Failed: endedAs('Failed'),
};

function endedAs(outcome: Outcome): (told: Telling) => readonly string[] {
  return ({ state }) => (state.ending?.outcome === outcome ? once : never);
}

function candidatesWhere(
  { experiment, candidateStates }: ExperimentState,
  holds: (candidate: ExperimentState['candidateStates'][number]) => boolean,
): readonly string[] {
  const versions = experiment === undefined ? [] : judgedVersions(experiment);
  return candidateStates.flatMap((candidate, index) => (holds(candidate) ? [versions[index]?.name ?? ''] : []));
}

/** The gate that people are asked at: by its time, and anew for another leader. */
function openGates({ gate, stage }: ExperimentState): readonly string[] {
  const isDecided = gate?.approved !== undefined || gate?.rejected !== undefined;
  if (gate === undefined || isDecided || stage !== 'Running') return never;
  return [String(gate.openedAtMs)];
}

/** One for each time that an approval has been waited for so long; only the latest is told. */
function reminders(state: ExperimentState, nowMs: number): readonly string[] {
  const { remindEveryMs } = state.experiment ?? {};
  const [opened] = openGates(state);
  if (remindEveryMs === undefined || opened === undefined) return never;
  const due = Math.floor((nowMs - Number(opened)) / remindEveryMs);
  return due < 1 ? never : [`${opened}/${due}`];
}

/** The parts of a state of which notices tell. An observation, and what follows from it, counts once its iteration is recorded, with the reason. */
const telling: readonly ((state: ExperimentState) => unknown)[] = [
  ({ history }) => history,
  ({ stage }) => stage,
  ({ gate }) => gate?.approved,
  ({ gate }) => gate?.rejected,
  ({ bake }) => bake?.rejected,
  ({ paused }) => paused,
  ({ closed }) => closed?.why,
  ({ waitingFor }) => waitingFor,
  ({ ending }) => ending,
];

/** The state with the notices that the change before it brings; without an outbox nobody is told. */
export function withNews(before: ExperimentState, state: ExperimentState, nowMs: number): ExperimentState {
  const { outbox } = state;
  if (outbox === undefined || telling.every((read) => read(before) === read(state))) return state;
  const { news, told } = findNews(outbox, findConditions({ state, nowMs }), nowMs);
  // What an ending is the end of, is not told.
  const isOver = state.ending !== undefined;
  const notices = news
    .filter(({ event }) => !isOver || (event !== 'Sighted' && event !== 'Resumed'))
    .map((condition) => describe(state, condition, nowMs));
  const { outbox: next, lost } = withNotices({ ...outbox, told }, notices);
  return withWarnings({ ...state, outbox: next }, lost);
}

function findConditions(now: Telling): readonly Condition[] {
  // The events are the keys of their table.
  const events = Object.keys(conditions) as readonly (keyof Conditions)[];
  return events.flatMap((event) => conditions[event](now).map((subject) => ({ event, subject })));
}

type Words = Pick<Notice, 'what' | 'why'>;

/** What has happened, where that is not what the headline of the experiment says. */
const words: Readonly<Partial<Record<NoticeEvent, (report: Report, subject: string) => Words>>> = {
  Waiting: ({ waitingFor }) => ({ what: 'Waits for its target', why: waitingFor?.why ?? '' }),
  Started: (report) => ({ what: 'Started', why: buildHeadline(report).what }),
  Suspect: ({ weightReason = '' }, subject) => ({ what: `${subject} is suspect`, why: weightReason }),
  Eliminated: ({ judged }, subject) => {
    const why = judged.find(({ name }) => name === subject)?.out ?? '';
    return { what: `${subject} is eliminated`, why };
  },
  Blind: ({ blind }) => ({ what: 'Blind, holds the weights', why: blind?.reason ?? '' }),
  Paused: ({ paused }) => ({ what: formatRequest('Paused', paused ?? {}), why: '' }),
  Closed: ({ closed }) => ({ what: 'Closed by the calendar', why: closed?.why ?? '' }),
  Sighted: (report) => ({ what: 'Sees again', why: buildHeadline(report).what }),
  Resumed: (report) => ({ what: 'Resumed', why: buildHeadline(report).what }),
  Reminder: (report) => ({ what: 'Still waits for approval', why: buildHeadline(report).why }),
  Approved: ({ approved, weightReason = '' }) => ({
    what: formatRequest('Approved', approved ?? {}),
    why: weightReason,
  }),
};

function describe(state: ExperimentState, { event, subject }: Condition, nowMs: number): Omit<Notice, 'number'> {
  const report = buildReport(state);
  const { what, why, next } = buildHeadline(report);
  const own = event === 'Rejected' ? rejection(state) : words[event]?.(report, subject);
  const text = own ?? { what, why };
  return {
    event,
    atMs: nowMs,
    what: cutText(text.what, limits.noticeWhat),
    why: cutText(text.why, limits.noticeWhy),
    ...(next === undefined ? {} : { next }),
    facts: listFacts(report),
  };
}

function rejection({ gate, bake }: ExperimentState): Words {
  return { what: formatRequest('Rejected', bake?.rejected ?? gate?.rejected ?? {}), why: '' };
}

function listFacts(report: Report): readonly NoticeFact[] {
  if (report.name === '') return [];
  const isWritten = report.startedAtMs !== undefined;
  const versions = versionColumns(report).map(({ version, weight, samples }, index): NoticeFact => {
    const parts = [
      version.revision,
      ...(version.image === undefined ? [] : [version.image]),
      ...(isWritten ? [`${weight} %`] : []),
      ...(samples > 0 ? [`${samples} requests judged`] : []),
    ];
    return { name: `${index === 0 ? 'baseline' : 'candidate'} ${version.name}`, value: parts.join(', ') };
  });
  const progress = isWritten ? [{ name: 'progress', value: formatProgress(report) }] : [];
  return [{ name: 'target', value: formatObjectName(report.target) }, ...versions, ...progress].slice(0, mostFacts);
}

/** Of an A/B/N test with many versions the others are on the page. */
const mostFacts = 12;
