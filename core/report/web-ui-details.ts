import { formatObjective } from './describe-assessment.ts';
import { formatObjectName } from '../experiment/experiment.ts';
import { activeFlags } from './flags.ts';
import { formatStep } from './iteration-text.ts';
import type { JudgedReport, Report } from './report.ts';
import type { IterationRecord } from '../planner/experiment-state.ts';
import { versionColumns, isAlone } from './version-columns.ts';

/** The Web UI shows the details above everything else, so they stay short. */
const shownIterations = 5;
const shownWarnings = 5;

/** The state of an experiment in Markdown, for the details in Temporal's Web UI. */
export function details(report: Report): string {
  const parts = [
    headline(report),
    versionsPart(report),
    flagsPart(report),
    objectivesPart(report),
    iterationsPart(report),
  ];
  return [...parts, warningsPart(report)].filter((part) => part !== '').join('\n\n');
}

function headline(report: Report): string {
  const { stage, outcome, reason, message, iterations } = report;
  if (outcome !== undefined) return `**${outcome}**: ${asText(reason ?? message)}`;
  const progress = iterations === 0 ? '' : `, ${formatProgress(report)}`;
  return `**${stage}**${progress}\n\n${asText(message)}`;
}

/** How far a run has come; an undecided one goes on beyond its plan. */
export function formatProgress({ completedIterations, iterations }: Report): string {
  return completedIterations > iterations
    ? `${completedIterations} iterations, ${iterations} planned`
    : `${completedIterations} of ${iterations} iterations`;
}

function versionsPart(report: Report): string {
  const { name, target, weightReason, startedAtMs } = report;
  if (name === '') return '';
  const isWritten = startedAtMs !== undefined;
  const because = isWritten && weightReason !== undefined ? `\n- why: ${asText(weightReason)}` : '';
  const lines = versionColumns(report).map(({ version, weight }, index) => {
    return `- ${index === 0 ? 'baseline' : 'candidate'} ${versionLine(version, isWritten ? weight : undefined)}`;
  });
  return [`Target \`${formatObjectName(target)}\``, '', ...lines].join('\n') + because;
}

function versionLine({ name, revision, image }: Report['baseline'], weight: number | undefined): string {
  const share = weight === undefined ? '' : `: **${weight} %**`;
  return `${asText(name)} (\`${revision}\`${image === undefined ? '' : `, \`${image}\``})${share}`;
}

function flagsPart(report: Report): string {
  return list(
    '',
    activeFlags(report).map(({ name, detail }) => `**${name}** ${asText(detail)}`),
  );
}

function objectivesPart(report: Report): string {
  const { judged } = report;
  return judged
    .map((version) => versionObjectives(version, objectivesTitle(report, version)))
    .filter((part) => part !== '')
    .join('\n\n');
}

function objectivesTitle(report: Report, { name }: JudgedReport): string {
  if (isAlone(report)) return 'Objectives';
  return `Objectives, for ${report.judged.length > 1 ? asText(name) : 'the candidate'}`;
}

function versionObjectives({ assessment, reward, out }: JudgedReport, title: string): string {
  const lines = (assessment?.objectives ?? []).map(
    ({ objective, candidate, reason }) => `**${candidate}** ${asText(formatObjective(objective))}: ${asText(reason)}`,
  );
  const rewards = reward === undefined ? [] : [`**${reward.verdict}** reward: ${asText(reward.reason)}`];
  const eliminated = out === undefined ? [] : [`**eliminated** ${asText(out)}`];
  return list(title, [...lines, ...rewards, ...eliminated]);
}

function iterationsPart({ history }: Report): string {
  return list('Recent iterations', history.slice(-shownIterations).map(iterationLine));
}

function iterationLine(record: IterationRecord): string {
  const step = formatStep(record);
  return `${record.iteration}: ${step === '' ? '' : `${step}, `}${asText(record.reason)}`;
}

function warningsPart({ warnings }: Report): string {
  return list('Warnings', warnings.slice(-shownWarnings).map(asText));
}

function list(title: string, items: readonly string[]): string {
  if (items.length === 0) return '';
  const lines = items.map((item) => `- ${item}`).join('\n');
  return title === '' ? lines : `${title}\n\n${lines}`;
}

/** Escapes Markdown and joins lines, so that texts and names of users do not turn into markup. */
function asText(text: string): string {
  return text.replaceAll(/[\\`*_[\]<]/g, (character) => `\\${character}`).replaceAll(/\s+/g, ' ');
}
