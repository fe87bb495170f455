import { holds } from '../../../core/experiment/if-expression.ts';
import { taskTraits } from '../../../core/experiment/task-kinds.ts';
import type { Version } from '../../../core/experiment/experiment.ts';
import { winnerFacts } from '../../../core/tasks/task-context.ts';
import type { TaskContext } from '../../../core/tasks/task-context.ts';
import { taskNames } from './tasks.ts';
import type { ReadTask, TaskTemplate } from './definition.ts';
import type { ValueIssue } from '../../document/zod-issues.ts';

/** A task and its place in the manifest; undefined where the task cannot be read. */
export interface Placed {
  readonly task: ReadTask | undefined;
  readonly action: 'start' | 'loop' | 'finish' | 'notification';
  readonly path: ValueIssue['path'];
}

/** What is known of an experiment before it runs. */
export interface Known {
  /** The baseline first. */
  readonly versions: readonly Version[];
  /** Whether finish actions run for nothing but a winner. */
  readonly finishesWithWinner: boolean;
}

/**
 * Refuses a task in an action where it may not be, and templates of it that cannot be rendered in some context in which it
 * runs.
 */
export function checkTask({ task, action, path }: Placed, known: Known): ValueIssue[] {
  if (task === undefined) return [];
  const contexts = possibleContexts(action, known).filter((context) => runsIn(task, context));
  return [
    ...misplaced(task, action).map((issue) => ({ ...issue, path: [...path, ...issue.path] })),
    ...task.templates.flatMap((template) => {
      const problem = findProblem(template, action, contexts);
      return problem === undefined ? [] : [{ path: [...path, ...template.path], atKey: false, ...problem }];
    }),
  ];
}

function misplaced(task: ReadTask, action: Placed['action']): ValueIssue[] {
  // The schemas check which tasks may be notifications.
  if (action === 'start' || action === 'notification') return [];
  if (taskTraits[task.make('').kind].role !== 'preparation') return [];
  const expected = `${taskNames('preparation').join(' or ')} among the start actions only`;
  return [{ path: ['task'], atKey: false, expected, got: `a ${action} action` }];
}

/**
 * Start actions run with the baseline's variables, before there is a winner; the others with those of the winner, which may
 * be any version, or with the baseline's where nothing has won.
 */
function possibleContexts(action: Placed['action'], { versions, finishesWithWinner }: Known): readonly TaskContext[] {
  const withWinner = versions.map((version) => ({ ...exampleContext(versions, version), winner: version.name }));
  const withoutWinner = versions.slice(0, 1).map((baseline) => exampleContext(versions, baseline));
  if (action === 'start') return withoutWinner;
  return action === 'finish' && finishesWithWinner ? withWinner : [...withWinner, ...withoutWinner];
}

function runsIn(task: ReadTask, context: TaskContext): boolean {
  const { condition } = task.make('');
  return condition === undefined || holds(condition, winnerFacts(context));
}

type Problem = Pick<ValueIssue, 'expected' | 'got'>;

/** The first problem of a template; where only the winner is missing, it says what belongs there instead. */
function findProblem(
  { render }: TaskTemplate,
  action: Placed['action'],
  contexts: readonly TaskContext[],
): Problem | undefined {
  const problemIn = (context: TaskContext): string | undefined => {
    const rendered = render(context);
    return rendered.kind === 'ok' ? undefined : rendered.problem;
  };
  const failing = contexts.find((context) => problemIn(context) !== undefined);
  if (failing === undefined) return undefined;
  const { version, winner } = failing;
  const problem = problemIn(failing) ?? '';
  const needsWinner = winner === undefined && problemIn({ ...failing, winner: version.name }) === undefined;
  if (!needsWinner) return { expected: 'variables of the version', got: `${problem} (version ${version.name})` };
  return { expected: withoutWinner[action === 'start' ? 'start' : 'later'], got: `${problem} while nothing has won` };
}

const withoutWinner = {
  start: 'no winner in a start action, which runs before there is one',
  later: 'what is there without a winner too (`if: WinnerFound()` leaves the task out where there is none)',
} as const;

/** An example of a context: templates are checked by the names of the experiment's fields, not by their values. */
function exampleContext(versions: readonly Version[], version: Version): TaskContext {
  return {
    experiment: {
      apiVersion: 'iter8.tools/v2alpha2',
      name: 'name',
      namespace: 'namespace',
      target: { namespace: 'namespace', name: 'name' },
      testingPattern: 'Canary',
      deploymentPattern: 'Progressive',
      intervalMs: 1000,
      iterations: 1,
    },
    versions,
    version,
    stage: 'Running',
    completedIterations: 1,
    weights: {},
  };
}
