import type { Experiment } from '../../core/experiment/experiment.ts';
import { findEmptyPeriod } from '../../formats/calendar/closure.ts';
import type { InputFile } from './files.ts';

/** Finds what is wrong with the calendar of a manifest beyond its form. */
export function findCalendarIssues({ name }: Pick<InputFile, 'name'>, { calendar }: Experiment): readonly string[] {
  const empty = calendar && findEmptyPeriod(calendar);
  return empty === undefined ? [] : [`${name} calendar: the period ${empty} never recurs`];
}
