import type { Verdict } from '../../core/verdicts/assessment.ts';
import type { Course, CourseJudgement, CourseObjective } from '../../core/report/course.ts';
import { formatMetricName, formatObjective } from '../../core/report/describe-assessment.ts';
import type { Report } from '../../core/report/report.ts';
import type { Objective } from '../../core/experiment/experiment.ts';
import { metricFacts } from '../../core/experiment/metric.ts';
import { formatShare } from '../numbers.ts';
import { TimeChart } from '../charts/time-chart.tsx';
import type { Series } from '../charts/time-chart.tsx';
import { Sign } from '../parts/sign.tsx';
import type { Choice } from './traffic.tsx';

interface ObjectivesProps extends Choice {
  readonly report: Report;
  readonly course: Course | undefined;
}

/** Each objective with its estimate against the limit, for every judged version beside the baseline. */
export function Objectives({ report, course, ...choice }: ObjectivesProps) {
  const objectives = report.judged.find(({ assessment }) => assessment !== undefined)?.assessment?.objectives ?? [];
  const rewards = report.judged.filter(({ reward }) => reward !== undefined);
  if (objectives.length === 0 && rewards.length === 0) return null;
  return (
    <section aria-labelledby="objectives">
      <h2 id="objectives">Objectives</h2>
      {objectives.map(({ objective }, index) => (
        <ObjectiveCard key={index} {...{ report, course, objective, index, ...choice }} />
      ))}
      {rewards.map(({ name, reward }) => (
        <p key={name} class="reward">
          Reward of <b>{name}</b>: {reward?.verdict}. {reward?.reason}
        </p>
      ))}
    </section>
  );
}

interface CardProps extends ObjectivesProps {
  readonly objective: Objective;
  readonly index: number;
}

function ObjectiveCard({ report, course, objective, index, chosen, onChoose }: CardProps) {
  const { writtenMetrics, metrics } = report;
  const format = valueFormat(objective, report);
  const at = chosen ?? (course?.intervals.length ?? 0) - 1;
  return (
    <div class="card">
      <h3>
        {formatObjective(objective, writtenMetrics)}
        {objective.maxRatioToBaseline !== undefined && ` at most ${objective.maxRatioToBaseline} × the baseline's`}
      </h3>
      <div class="scroll">
        <table class="verdicts">
          <thead>
            <tr>
              <th scope="col">Version</th>
              <th scope="col">Verdict</th>
              <th scope="col">{formatMetricName(objective.metric, metrics)}</th>
              <th scope="col">Baseline</th>
              <th scope="col">Evidence</th>
            </tr>
          </thead>
          <tbody>
            {report.judged.map(({ name, assessment, out }, judged) => (
              <VerdictRow
                key={name}
                name={name}
                out={out}
                latest={chosen === undefined ? assessment?.objectives[index] : undefined}
                point={lastJudged(course, judged, at)?.objectives[index]}
                needed={course?.needed}
                format={format}
              />
            ))}
          </tbody>
        </table>
      </div>
      {course !== undefined && course.intervals.length > 1 && (
        <TimeChart
          title={`${formatObjective(objective, writtenMetrics)} over time`}
          series={valueSeries(course, index)}
          times={course.intervals.map(({ atMs }) => atMs)}
          limits={limitLines(objective, format)}
          format={format}
          chosen={chosen}
          onChoose={onChoose}
        />
      )}
    </div>
  );
}

/** The judgement of a version at an interval, or of the last one before it in which it was judged. */
function lastJudged(course: Course | undefined, judged: number, at: number): CourseJudgement | undefined {
  return (
    course?.intervals.slice(0, at + 1).findLast(({ judgements }) => judgements[judged])?.judgements[judged] ?? undefined
  );
}

const verdictSigns: Readonly<Record<Verdict, readonly [sign: string, tone: string]>> = {
  pass: ['✓', 'good'],
  fail: ['✗', 'bad'],
  undecided: ['…', 'quiet'],
  error: ['!', 'warning'],
};

const verdictWords: Readonly<Record<Verdict, string>> = {
  pass: 'pass',
  fail: 'fail',
  undecided: 'undecided',
  error: 'not measured',
};

interface RowProps {
  readonly name: string;
  readonly out: string | undefined;
  /** What the run says now; undefined where an interval is chosen. */
  readonly latest: NonNullable<Report['judged'][number]['assessment']>['objectives'][number] | undefined;
  /** As it was in the chosen interval. */
  readonly point: CourseObjective | undefined;
  readonly needed: Course['needed'];
  readonly format: (value: number) => string;
}

function VerdictRow({ name, out, latest, point, needed, format }: RowProps) {
  const verdict = latest?.candidate ?? point?.verdict ?? 'undecided';
  const isSuspect = (latest?.suspect ?? point?.suspect ?? false) && verdict !== 'fail';
  const [sign, tone] = verdictSigns[verdict];
  const interval = point?.interval;
  return (
    <>
      <tr>
        <th scope="row">{name}</th>
        <td>
          <Sign sign={sign} words={verdictWords[verdict]} tone={tone} />
          {isSuspect && <Sign sign="?" words="suspect" tone="warning" />}
        </td>
        <td>
          {point?.value === undefined ? '–' : format(point.value)}
          {interval !== undefined && (
            <span class="quiet">
              {' '}
              {format(interval.lower)} to {format(interval.upper)}
            </span>
          )}
          {point?.slowShare !== undefined && (
            <span class="quiet">
              {' '}
              {formatShare(point.slowShare.lower)} to {formatShare(point.slowShare.upper)} are slower than the limit,{' '}
              {formatShare(point.slowShare.limit)} may be
            </span>
          )}
        </td>
        <td>{point?.baseline === undefined ? '–' : format(point.baseline)}</td>
        <td>{point !== undefined && <Evidence point={point} needed={needed} />}</td>
      </tr>
      {(out ?? latest?.reason) !== undefined && (
        <tr class="reason">
          <td colSpan={5}>{out === undefined ? latest?.reason : `eliminated: ${out}`}</td>
        </tr>
      )}
    </>
  );
}

/** How much of the evidence that a pass needs is there; or that against it, where there is more of it. */
function Evidence({ point, needed }: { readonly point: CourseObjective; readonly needed: Course['needed'] }) {
  const { evidence, requestsToPass, verdict } = point;
  if (evidence === undefined || needed === undefined) return null;
  const [pass, fail] = [evidence.pass / needed.pass, evidence.fail / needed.fail].map((share) =>
    Math.round(100 * Math.max(0, Math.min(1, share))),
  ) as [number, number];
  const isAgainst = fail > pass;
  const share = isAgainst ? fail : pass;
  return (
    <span class="evidence">
      <meter
        class={isAgainst ? 'against' : 'for'}
        min={0}
        max={100}
        value={share}
        aria-label={isAgainst ? 'evidence of a failure' : 'evidence of a pass'}
      />
      <span>
        {share === 100 ? 'enough for a' : `${share} % of what a`} {isAgainst ? 'failure' : 'pass'}
        {share < 100 && ' needs'}
      </span>
      {requestsToPass !== undefined && requestsToPass > 0 && verdict === 'undecided' && (
        <span class="quiet">needs about {requestsToPass.toLocaleString()} more requests</span>
      )}
    </span>
  );
}

function valueSeries({ versions, judged, intervals }: Course, index: number): readonly Series[] {
  const isAlone = versions.length === 1;
  const points = (read: (one: CourseObjective) => number | undefined, version: number) =>
    intervals.map(({ atMs, judgements }) => {
      const one = judgements[version]?.objectives[index];
      return { atMs, value: one === undefined ? undefined : read(one) };
    });
  const candidates = judged.map((name, version) => ({
    name,
    version: isAlone ? 0 : version + 1,
    points: points(({ value }) => value, version),
    bounds: intervals.flatMap(({ atMs, judgements }) => {
      const bounds = judgements[version]?.objectives[index]?.interval;
      return bounds === undefined ? [] : [{ atMs, ...bounds }];
    }),
  }));
  if (isAlone) return candidates;
  // While one of the candidates is judged, so is the baseline beside it.
  const beside = intervals.map(({ atMs, judgements }) => ({
    atMs,
    value: judgements.flatMap((one) => one?.objectives[index]?.baseline ?? [])[0],
  }));
  return [{ name: versions[0] ?? 'baseline', version: 0, points: beside }, ...candidates];
}

function limitLines({ upperLimit, lowerLimit }: Objective, format: (value: number) => string) {
  return [
    ...(upperLimit === undefined ? [] : [{ value: upperLimit, words: `at most ${format(upperLimit)}` }]),
    ...(lowerLimit === undefined ? [] : [{ value: lowerLimit, words: `at least ${format(lowerLimit)}` }]),
  ];
}

function valueFormat({ metric }: Objective, { metrics }: Report): (value: number) => string {
  const { kind, units } = metricFacts(metric, metrics);
  if (kind.kind === 'error-share') return formatShare;
  const unit = units === 'milliseconds' ? ' ms' : '';
  return (value) => `${value.toLocaleString(undefined, { maximumSignificantDigits: 4 })}${unit}`;
}
