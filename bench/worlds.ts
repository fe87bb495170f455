import { activityInfo } from '@temporalio/activity';
import type { ExperimentActivities } from '../contract/activities.ts';

/** Gives every workflow activities with a world of their own, so that many experiments can share one worker. */
export function activitiesPerWorkflow(createWorld: () => { activities: ExperimentActivities }): ExperimentActivities {
  const worlds = new Map<string, ExperimentActivities>();
  const findActivities = (workflowId: string): ExperimentActivities => {
    const known = worlds.get(workflowId) ?? createWorld().activities;
    worlds.set(workflowId, known);
    return known;
  };
  const names = Object.keys(createWorld().activities);
  const routed = names.map((name) => {
    const call = (input: unknown): unknown => {
      const { workflowExecution } = activityInfo();
      const activities: Record<string, (input: never) => unknown> = {
        ...findActivities(workflowExecution?.workflowId ?? ''),
      };
      return activities[name]?.(input as never);
    };
    return [name, call];
  });
  // The names are those of a whole set of activities.
  return Object.fromEntries(routed) as ExperimentActivities;
}
