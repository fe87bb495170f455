import { formatObjective } from './describe-assessment.ts';
import { formatObjectName } from './experiment.ts';
import { flagsOf } from './flags.ts';
import type { IterationRecord, Report } from './report.ts';

/** The Web UI shows these above everything else, so they stay short. */
const shownIterations = 5;
const shownWarnings = 5;

/** The state of an experiment in Markdown, for the details in Temporal's Web UI. */
export function details(report: Report): string {
  const parts = [headline(report), versions(report), flags(report), objectives(report), iterations(report)];
  return [...parts, warnings(report)].filter((part) => part !== '').join('\n\n');
}

function headline(report: Report): string {
  const { stage, outcome, reason, message, iterations } = report;
  if (outcome !== undefined) return `**${outcome}**: ${asText(reason ?? message)}`;
  const progress = iterations === 0 ? '' : `, ${progressOf(report)}`;
  return `**${stage}**${progress}\n\n${asText(message)}`;
}

/** How far a run has come; an undecided one goes on beyond its plan. */
export function progressOf({ completedIterations, iterations }: Report): string {
  return completedIterations > iterations
    ? `${completedIterations} iterations, ${iterations} planned`
    : `${completedIterations} of ${iterations} iterations`;
}

function versions(report: Report): string {
  const { name, target, baseline, candidate, weights, weightReason, startedAtMs } = report;
  if (name === '') return '';
  const isWritten = startedAtMs !== undefined;
  const because = isWritten && weightReason !== undefined ? `\n- why: ${asText(weightReason)}` : '';
  return [
    `Target \`${formatObjectName(target)}\``,
    '',
    `- baseline ${versionOf(baseline, isWritten ? weights.baseline : undefined)}`,
    `- candidate ${versionOf(candidate, isWritten ? weights.candidate : undefined)}${because}`,
  ].join('\n');
}

function versionOf({ name, revision, image }: Report['baseline'], weight: number | undefined): string {
  const share = weight === undefined ? '' : `: **${weight} %**`;
  return `${asText(name)} (\`${revision}\`${image === undefined ? '' : `, \`${image}\``})${share}`;
}

function flags(report: Report): string {
  return list(
    '',
    flagsOf(report).map(({ name, detail }) => `**${name}** ${asText(detail)}`),
  );
}

function objectives({ assessment }: Report): string {
  const lines = (assessment?.objectives ?? []).map(
    ({ objective, candidate, reason }) => `**${candidate}** ${asText(formatObjective(objective))}: ${asText(reason)}`,
  );
  return list('Objectives, for the candidate', lines);
}

function iterations({ history }: Report): string {
  return list('Recent iterations', history.slice(-shownIterations).map(iterationOf));
}

function iterationOf({ iteration, weightBefore, weightAfter, reason }: IterationRecord): string {
  const weight = weightBefore === weightAfter ? `${weightAfter} %` : `${weightBefore} % to ${weightAfter} %`;
  return `${iteration}: ${weight}, ${asText(reason)}`;
}

function warnings({ warnings }: Report): string {
  return list('Warnings', warnings.slice(-shownWarnings).map(asText));
}

function list(title: string, items: readonly string[]): string {
  if (items.length === 0) return '';
  const lines = items.map((item) => `- ${item}`).join('\n');
  return title === '' ? lines : `${title}\n\n${lines}`;
}

/** People's words and names must not turn into markup. */
function asText(text: string): string {
  return text.replaceAll(/[\\`*_[\]<]/g, (character) => `\\${character}`).replaceAll(/\s+/g, ' ');
}
