import { sleep } from '@temporalio/activity';
import type { Experiment } from '../../core/experiment/experiment.ts';
import { listWinnerProblems } from '../../core/tasks/winner-problems.ts';
import type { SourceDigests } from '../../core/text/source-digests.ts';
import type { Helm } from '../helm/helm.ts';
import { render } from '../helm/render-tasks.ts';
import type { RenderedUpgrade } from '../helm/render-tasks.ts';
import { upgradedRelease } from '../helm/run-helm.ts';
import { varyingTemplates } from '../helm/variation.ts';
import type { ChangingTexts } from '../../formats/chart-changes.ts';

/** What is rendered, and what it was downloaded from. */
export interface RenderedOnce {
  readonly experiment: Experiment;
  readonly renderings: readonly RenderedUpgrade[];
  readonly pins: SourceDigests;
}

export interface VariationFindings {
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/** The least time between two renderings, so that a date with seconds differs. */
const apartMs = 1_100;

/**
 * Renders once more what was rendered, to see whether it varies: random values and dates are a problem for what is pinned to the
 * byte, and a warning for everything else.
 */
export async function checkVariation(helm: Helm, once: RenderedOnce): Promise<VariationFindings> {
  const found: VariationFindings[] = [];
  for (const rendered of once.renderings) found.push(await checkOne(helm, rendered, once));
  return {
    problems: [...new Set(found.flatMap(({ problems }) => problems))],
    warnings: [...new Set(found.flatMap(({ warnings }) => warnings))],
  };
}

const none: VariationFindings = { problems: [], warnings: [] };

async function checkOne(helm: Helm, rendered: RenderedUpgrade, once: RenderedOnce): Promise<VariationFindings> {
  const { winner, upgrade, content, atMs } = rendered;
  const { experiment, pins } = once;
  const leftMs = atMs + apartMs - performance.now();
  if (leftMs > 0) await sleep(leftMs);
  const { namespace, release } = upgradedRelease(upgrade, experiment);
  const again = await render(helm, upgrade, { namespace, pins });
  if (again.kind === 'failed') return { ...none, problems: listWinnerProblems([{ winner: winner.name, ...again }]) };
  const name = `release ${namespace}/${release}`;
  const varying = varyingTemplates(content, again.content);
  if (varying.length > 0) return describeVarying(experiment, name, varying);
  return { ...none, warnings: describeChanging(experiment, name, await helm.changing(upgrade, { pins })) };
}

function describeVarying({ isPinned }: Experiment, name: string, templates: readonly string[]): VariationFindings {
  const what = `${name}: ${templates.join(', ')} rendered something else the second time (random values, or a date)`;
  if (!isPinned) return { ...none, warnings: [`${what}: what is deployed at the end is not what was rendered here`] };
  return { ...none, problems: [`${what}, but only what is rendered now, to the byte, could be promoted; ${remedy}`] };
}

function describeChanging({ isPinned }: Experiment, name: string, found: readonly ChangingTexts[]): readonly string[] {
  const refused = isPinned ? ', and the promotion would then be refused' : '';
  return found.map(({ title, names }) => {
    return `${name}: ${names.join(', ')} of the chart asks for ${title}: what it renders may change meanwhile${refused}`;
  });
}

const remedy =
  'give these values yourself, or keep the present ones with `lookup`, or use a helm finish action, which is not pinned';
