import { workflowMetadataQuery } from '@temporalio/workflow';
import type { ActivateInput, WorkflowInterceptors } from '@temporalio/workflow';
import { askAgain } from '../contract/messages.ts';
import { readClock } from './run/clock.ts';
import { showDetails } from './run/visibility.ts';

type Activation = ActivateInput['activation'];

/** Watches what Temporal's SDK has a run do, and refuses what no replay would find. */
export function interceptors(): WorkflowInterceptors {
  let last: Activation | undefined;
  const local = new LocalActivities();
  return {
    outbound: [
      {
        scheduleLocalActivity: (input, next) => {
          local.schedule(input.seq);
          return next(input);
        },
      },
    ],
    internals: [
      {
        activate: (input, next) => {
          const { activation } = input;
          if (hasWork(activation)) {
            if (isPremature(activation, last) || local.mayBeLate(activation)) throw new Error(askAgain);
            last = activation;
            if (!local.isAllOf(activation)) readClock();
          }
          local.observe(activation);
          if (asksForDetails(activation)) showDetails();
          next(input);
        },
      },
    ],
  };
}

/** Renders the Web UI's details only for the query that asks for them: each iteration changes the state many times. */
function asksForDetails({ jobs }: Activation): boolean {
  return jobs?.some(({ queryWorkflow }) => queryWorkflow?.queryType === workflowMetadataQuery.name) ?? false;
}

function hasWork({ jobs }: Activation): boolean {
  return jobs?.some(({ queryWorkflow, removeFromCache }) => !queryWorkflow && !removeFromCache) ?? false;
}

/**
 * Whether events are handed over that no workflow task has begun with: the history has grown, but no task has started, which would bring
 * its time and size. A query does that to a run whose worker was lost; what the run then did, no replay would find
 * ([decision 71](../docs/decisions/0071-a-query-does-not-carry-a-run-on.md)).
 */
function isPremature(activation: Activation, last: Activation | undefined): boolean {
  return last !== undefined && hasGrown(activation, last) && describeTask(activation) === describeTask(last);
}

/** The time and the size of the history at which a workflow task began. */
function describeTask({ timestamp, historySizeBytes }: Activation): string {
  return [timestamp?.seconds, timestamp?.nanos, historySizeBytes].join();
}

function hasGrown({ historyLength }: Activation, since: Activation): boolean {
  return (historyLength ?? 0) > (since.historyLength ?? 0);
}

/**
 * The local activities that are under way. A query that came with a workflow task is answered as soon as the task waits for a local activity,
 * and ends the task. The answer of a local activity that comes at that moment is recorded with that task, but the workflow is told
 * in the next one, where a replay has it in the first. That is no difference as long as neither time nor messages have come between
 * ([decision 74](../docs/decisions/0074-observed-and-judged-within-the-workflow-task.md)).
 */
class LocalActivities {
  readonly #open = new Set<number>();
  /** The last query that came while some were open. */
  #queried: Activation | undefined;

  schedule(seq: number): void {
    if (this.#open.size === 0) this.#queried = undefined;
    this.#open.add(seq);
  }

  observe(activation: Activation): void {
    if (this.#open.size > 0 && activation.jobs?.some(({ queryWorkflow }) => queryWorkflow)) this.#queried = activation;
    for (const { resolveActivity } of this.#answers(activation)) this.#open.delete(resolveActivity?.seq ?? -1);
  }

  /** Whether the workflow is told of nothing but their answers. */
  isAllOf(activation: Activation): boolean {
    return this.#answers(activation).length === activation.jobs?.length;
  }

  /** Whether an answer is told together with what a replay may be told of later. */
  mayBeLate(activation: Activation): boolean {
    if (this.#queried === undefined || !hasGrown(activation, this.#queried)) return false;
    return this.#answers(activation).length > 0 && !this.isAllOf(activation);
  }

  #answers({ jobs }: Activation): NonNullable<Activation['jobs']> {
    return jobs?.filter(({ resolveActivity }) => resolveActivity && this.#open.has(resolveActivity.seq ?? -1)) ?? [];
  }
}
