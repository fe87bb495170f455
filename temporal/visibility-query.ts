import { workflowType } from '../contract/names.ts';

/** Conditions of a query of Temporal's visibility, in its own language. */
export const isRunning = 'ExecutionStatus = "Running"';
export const isExperiment = `WorkflowType = "${workflowType}"`;

export function equals(attribute: string, value: string): string {
  return `${attribute} = "${quoted(value)}"`;
}

export function startsWith(attribute: string, prefix: string): string {
  return `${attribute} STARTS_WITH "${quoted(prefix)}"`;
}

export function all(...conditions: readonly string[]): string {
  return conditions.join(' AND ');
}

/** Neither a quote nor a backslash is in any name that serin looks for. */
function quoted(text: string): string {
  return text.replaceAll(/["\\]/g, '');
}
