import { answerQuestions } from './answer-questions.ts';
import { readCalendar } from '../formats/calendar/calendar.ts';
import { findEmptyPeriod, findOpening } from '../formats/calendar/closure.ts';
import { findChangingTexts } from '../formats/chart-changes.ts';
import { readChartVersions } from '../formats/chart-index.ts';
import { parseManifest } from '../formats/manifest/parse.ts';
import { parseMetricObject } from '../formats/metrics/metric.ts';
import { readReceivers } from '../formats/notices/receivers.ts';
import { readRenderedObjects, readRenderedServices } from '../formats/rendered-chart.ts';

/** The readings that this script of a process does; `read-apart.ts` asks for them by these names. */
const readings = {
  findChangingTexts,
  findEmptyPeriod,
  findOpening,
  parseManifest,
  parseMetricObject,
  readCalendar,
  readChartVersions,
  readReceivers,
  readRenderedObjects,
  readRenderedServices,
};

export type Readings = typeof readings;

/** A reading, and what it is given. */
export interface ReadingRequest {
  readonly name: keyof Readings;
  readonly args: readonly unknown[];
}

answerQuestions((request) => {
  // `readApart` sends nothing else.
  const { name, args } = request as ReadingRequest;
  const reading = readings[name] as (...given: readonly unknown[]) => unknown;
  return reading(...args);
});
