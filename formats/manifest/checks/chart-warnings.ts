import type { Experiment } from '../../../core/experiment/experiment.ts';
import { parseHelmCommand } from '../../../core/tasks/helm-command.ts';
import { isHelm } from '../../../core/tasks/task.ts';
import { showValue } from '../../document/issue.ts';
import type { ValueIssue } from '../../document/zod-issues.ts';

/**
 * Warns of charts that helm can probably not load: URLs that do not end as archives do, as in iter8's tutorial. Only the
 * server knows whether it is a chart after all; the preflight asks it.
 */
export function warnOfCharts({ finish }: Pick<Experiment, 'finish'>): ValueIssue[] {
  return finish.flatMap((task, index) => {
    if (!isHelm(task)) return [];
    const command = parseHelmCommand(task.args);
    if (command.kind === 'unsupported') return [];
    const { chart } = command.upgrade;
    if (chart.kind !== 'archive' || !isOddUrl(chart.url)) return [];
    const path = ['spec', 'strategy', 'actions', 'finish', index, 'with', 'args', task.args.lastIndexOf(chart.url)];
    return [
      { path, atKey: false, expected: 'a chart archive (.tgz), or --repo with a name', got: showValue(chart.url) },
    ];
  });
}

function isOddUrl(chart: string): boolean {
  // The end of a templated URL is not known here.
  return /^https?:\/\//.test(chart) && !/\.(tgz|tar\.gz)([?#]|$)|\}\}$/.test(chart);
}
