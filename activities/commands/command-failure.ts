import type { FailureTypeName } from '../../core/failures.ts';
import { formatMemory } from './bounds.ts';
import type { ProcessResult } from './run-process.ts';
import { redactOutput } from '../../core/tasks/redact.ts';

/** Enough for a reason, not for a log. */
export const shownLines = 10;

/** A command, how it ended, and the limit that it had. */
export interface EndedCommand {
  readonly args: readonly string[];
  readonly result: ProcessResult;
  readonly limitMs: number;
}

/** Whether the command ended within its limit, with exit code 0. */
export function hasSucceeded({ outcome }: ProcessResult): boolean {
  return outcome.kind === 'ended' && outcome.code === 0 && !outcome.isTimedOut;
}

/** How a command that did not succeed ended, for messages: `failed with exit code 1`. */
export function describeEnd({ result: { outcome }, limitMs }: Omit<EndedCommand, 'args'>): string {
  if (outcome.kind === 'notStarted') return `could not be started: ${outcome.reason}`;
  if (outcome.kind === 'overMemory') {
    return `was killed at its memory limit of ${formatMemory(outcome.memoryBytes)} (SERIN_COMMAND_MEMORY)`;
  }
  if (outcome.kind === 'unknown') {
    return 'has lost its guard, so that its end is not known: it may have done all, a part or nothing';
  }
  if (outcome.isTimedOut) return `was stopped at its limit of ${Math.ceil(limitMs / 1000)} s`;
  return outcome.code === null
    ? `was ended by ${outcome.signal ?? 'a signal'}`
    : `failed with exit code ${outcome.code}`;
}

/** The type of the failure of a command that did not succeed. */
export function endFailureType({ outcome }: ProcessResult): FailureTypeName {
  return outcome.kind === 'unknown' ? 'CommandLost' : 'CommandFailed';
}

/** The last 10 lines of standard error, or of standard output where that is empty; secrets redacted. */
export function lastLines({ args, result }: Omit<EndedCommand, 'limitMs'>): string {
  const text = result.stderr.trim() === '' ? result.stdout : result.stderr;
  // Before anything is cut off: a part of a secret would not be recognized.
  return redactOutput(text.trim(), args).split('\n').slice(-shownLines).join('\n');
}
