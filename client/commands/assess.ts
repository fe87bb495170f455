import { planWords } from '../../core/offline/backtest.ts';
import { formatWeights } from '../../core/report/iteration-text.ts';
import { formatInstant } from '../../core/text/instant.ts';
import type { Plan } from '../../core/planner/plan-all.ts';
import { rejudge } from '../../core/offline/rejudge.ts';
import type { RejudgedInterval } from '../../core/offline/rejudge.ts';
import { formatIssue } from '../../formats/document/issue.ts';
import { readMeasurements } from '../../formats/measurements.ts';
import type { CommandContext, CommandResult } from '../context.ts';
import { say } from '../context.ts';
import { CommandError } from '../errors.ts';
import { readInputFile } from '../files/files.ts';
import { readManifestFile } from '../files/manifest.ts';
import { verdictLines } from '../render/judgement.ts';

export interface AssessFlags {
  readonly file: string;
  readonly measurements: string;
}

/**
 * `serin assess -f FILE --measurements FILE`: judges a file of intervals without any cluster. Exit code 0 when the last
 * decision is favourable: a promotion, an open approval gate, or a conclusion that conforms.
 */
export async function assessCommand(
  context: CommandContext,
  { file, measurements }: AssessFlags,
): Promise<CommandResult> {
  const { experiment } = await readManifestFile(context.terminal, file);
  const { name, text } = await readInputFile(context.terminal, measurements);
  const reading = readMeasurements(text, name);
  if (reading.kind === 'invalid') {
    const issues = reading.issues.map(formatIssue);
    throw new CommandError('usage', [`${name} cannot be used:`, ...issues].join('\n  '), { issues });
  }
  const judged = rejudge(experiment, reading.intervals);
  for (const one of judged) say(context, formatInterval(one));
  const last = judged.at(-1);
  if (last === undefined) throw new CommandError('usage', `${name}: expected at least one interval`);
  if (last.judgement !== undefined) say(context, '', ...verdictLines(experiment, last.judgement));
  return {
    exitCode: isFavourable(last.plan) ? 0 : 1,
    json: {
      decision: last.plan,
      intervals: judged.map(({ iteration, judgement, plan }) => ({ iteration, judgement, plan })),
    },
  };
}

function isFavourable(plan: Plan): boolean {
  return plan.kind === 'promote' || plan.kind === 'openGate' || (plan.kind === 'conclude' && plan.conforms);
}

function formatInterval({ interval, iteration, plan }: RejudgedInterval): string {
  return `${formatInstant(interval.atMs)}  iteration ${iteration}  ${formatWeights(interval.weights)}  ${planWords(plan)}`;
}
