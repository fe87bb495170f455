import { activeFlags } from '../../core/report/flags.ts';
import { formatWeights } from '../../core/report/iteration-text.ts';
import { formatTimeOfDay } from '../../core/text/instant.ts';
import type { LiveViewModel } from './live-view.ts';
import { printable } from './text.ts';

/**
 * The experiment in one line, for logs and pipes; it contains no time, so that equal lines show that nothing has changed.
 */
export function progressLine({ report, note }: Omit<LiveViewModel, 'nowMs'>): string {
  const { stage, outcome, reason, completedIterations, iterations, weights, startedAtMs } = report;
  const parts = [
    outcome ?? stage,
    ...(iterations === 0 ? [] : [`${completedIterations}/${iterations}`]),
    ...(startedAtMs === undefined || weights.candidates.length === 0
      ? []
      : [`candidate ${formatWeights(weights.candidates)}${weights.confirmed ? '' : ' (not confirmed)'}`]),
    ...activeFlags(report).map(({ name, detail }) => `[${name} ${printable(detail)}]`),
    printable(outcome === undefined ? report.message : (reason ?? report.message)),
    ...(note === undefined ? [] : [`(${printable(note)})`]),
  ];
  return parts.join('  ');
}

/** The progress line after the time of day. */
export function timedProgressLine(model: LiveViewModel): string {
  return `${formatTimeOfDay(model.nowMs)}  ${progressLine(model)}`;
}
