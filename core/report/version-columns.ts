import type { Verdict } from '../verdicts/assessment.ts';
import type { MetricName } from '../experiment/metric.ts';
import type { Report, VersionReport } from './report.ts';
import { defined } from '../text/defined.ts';

/** A version as a column of a table: its verdicts in the order of the objectives, its metrics by name. */
export interface VersionColumn {
  readonly version: VersionReport;
  /** Percent of the traffic, as planned last. */
  readonly weight: number;
  readonly verdicts: readonly Verdict[];
  readonly metricValue: (metric: MetricName) => number | undefined;
  /** Requests that its verdicts rest on. */
  readonly samples: number;
  /** Its reward in an A/B test. */
  readonly reward?: number;
}

/** All versions of an experiment, the baseline first; a conformance test has one. */
export function versionColumns(report: Report): readonly VersionColumn[] {
  const { judged, weights } = report;
  const candidates = judged.map(({ assessment, reward, ...version }, index): VersionColumn => {
    const value = reward?.candidate;
    return {
      version,
      weight: weights.candidates[index] ?? weights.baseline,
      samples: assessment?.samples.candidate ?? 0,
      verdicts: (assessment?.objectives ?? []).map(({ candidate }) => candidate),
      metricValue: (metric) => assessment?.metrics.find((one) => one.metric === metric)?.candidate,
      ...defined({ reward: value }),
    };
  });
  return isAlone(report) ? candidates : [baselineColumn(report), ...candidates];
}

/** Whether the experiment judges a single version, with none to compare it with. */
export function isAlone({ testingPattern }: Pick<Report, 'testingPattern'>): boolean {
  return testingPattern === 'Conformance';
}

/** The column of the baseline, which all candidates were judged beside: any of their assessments has its values. */
function baselineColumn({ baseline, judged, weights }: Report): VersionColumn {
  const assessment = judged.find((one) => one.assessment !== undefined)?.assessment;
  const value = judged.find((one) => one.reward?.baseline !== undefined)?.reward?.baseline;
  return {
    version: baseline,
    weight: weights.baseline,
    samples: assessment?.samples.baseline ?? 0,
    verdicts: (assessment?.objectives ?? []).map((one) => one.baseline),
    metricValue: (metric) => assessment?.metrics.find((one) => one.metric === metric)?.baseline,
    ...defined({ reward: value }),
  };
}
