import { scaleLinear, scaleUtc } from 'd3-scale';
import { area, curveLinear, curveStepBefore, line } from 'd3-shape';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { formatTick } from '../times.ts';

/** A value at a time; undefined where there is none. */
export interface Point {
  readonly atMs: number;
  readonly value: number | undefined;
}

/** A line of a chart. */
export interface Series {
  readonly name: string;
  /** The version whose colour and stroke it has, 0 being the baseline. */
  readonly version: number;
  readonly points: readonly Point[];
  /** Bounds around the line. */
  readonly bounds?: readonly { readonly atMs: number; readonly lower: number; readonly upper: number }[];
}

export interface TimeChartProps {
  /** What it shows, for those who do not see it. */
  readonly title: string;
  readonly series: readonly Series[];
  /** When the intervals ended, of which one is chosen. */
  readonly times: readonly number[];
  /** Horizontal lines, each with its words. */
  readonly limits?: readonly { readonly value: number; readonly words: string }[];
  /** Whether values hold until the next one. */
  readonly isStep?: boolean;
  /** The highest value that the axis has at least, and at most. */
  readonly highest?: number;
  readonly cap?: number;
  readonly format: (value: number) => string;
  /** The interval that is chosen, by its index in `times`, in all charts of a page. */
  readonly chosen: number | undefined;
  readonly onChoose: (index: number | undefined) => void;
}

/** Half the width of a time on the axis. */
const roomOfTime = 34;
const height = 168;
const margin = { top: 12, right: 14, bottom: 22, left: 52 };

/** Lines over time. An interval is chosen by pointing or with the arrow keys, and its values stand below. */
export function TimeChart(props: TimeChartProps) {
  const { title, series, times, limits = [], isStep = false, format, chosen, onChoose } = props;
  const [frame, width] = useWidth();
  const id = useId();
  const drawnTimes = series.flatMap(({ points }) => points.map(({ atMs }) => atMs));
  const span = [Math.min(...drawnTimes), Math.max(...drawnTimes)] as const;
  const x = scaleUtc(span, [margin.left, width - margin.right]);
  const y = scaleLinear([lowestValue(props), highestValue(props)], [height - margin.bottom, margin.top]).nice(4);
  const path = line<Point>(
    ({ atMs }) => x(atMs),
    ({ value = 0 }) => y(value),
  )
    .defined(({ value }) => value !== undefined)
    .curve(isStep ? curveStepBefore : curveLinear);
  const band = area<{ atMs: number; lower: number; upper: number }>(
    ({ atMs }) => x(atMs),
    ({ lower }) => y(lower),
    ({ upper }) => y(Math.min(upper, y.domain()[1] ?? upper)),
  );
  const nearest = (clientX: number): number => {
    const at = x.invert(clientX - (frame.current?.getBoundingClientRect().left ?? 0)).getTime();
    return times.reduce(
      (best, time, index) => (Math.abs(time - at) < Math.abs((times[best] ?? 0) - at) ? index : best),
      0,
    );
  };
  const step = ({ key }: KeyboardEvent): void => {
    const last = times.length - 1;
    const from = chosen ?? last;
    const next = { ArrowLeft: from - 1, ArrowRight: from + 1, Home: 0, End: last }[key];
    if (next !== undefined) onChoose(Math.max(0, Math.min(last, next)));
    if (key === 'Escape') onChoose(undefined);
  };
  const shown = chosen ?? times.length - 1;
  const shownAt = times[shown];
  return (
    <figure class="chart">
      <div
        ref={frame}
        class="plot"
        tabIndex={0}
        role="group"
        aria-label={`${title}. Arrow keys choose an interval.`}
        aria-describedby={id}
        onKeyDown={step}
        onPointerMove={({ clientX }) => onChoose(nearest(clientX))}
        onPointerLeave={() => onChoose(undefined)}
      >
        <svg width={width} height={height} aria-hidden="true">
          {y.ticks(4).map((tick) => (
            <g key={tick} class="tick">
              <line x1={margin.left} x2={width - margin.right} y1={y(tick)} y2={y(tick)} />
              <text x={margin.left - 8} y={y(tick)} dy="0.32em" text-anchor="end">
                {format(tick)}
              </text>
            </g>
          ))}
          {x.ticks(Math.max(2, Math.floor(width / 140))).map((tick) => (
            <text
              key={tick.getTime()}
              class="time"
              x={Math.min(x(tick), width - roomOfTime)}
              y={height - 6}
              text-anchor="middle"
            >
              {formatTick(tick.getTime(), span)}
            </text>
          ))}
          {series.map(
            ({ name, version, bounds = [] }) =>
              bounds.length > 0 && (
                <path key={name} class={`bounds version-${version % 8}`} d={band([...bounds]) ?? ''} />
              ),
          )}
          {limits.map(({ value, words }) => (
            <g key={words} class="limit">
              <line x1={margin.left} x2={width - margin.right} y1={y(value)} y2={y(value)} />
              <text x={width - margin.right} y={y(value) - 4} text-anchor="end">
                {words}
              </text>
            </g>
          ))}
          {series.map(({ name, version, points }) => (
            <g key={name} class={`line version-${version % 8}`}>
              <path d={path(points) ?? ''} />
              {points.filter(isAlone).map(({ atMs, value }) => (
                <circle key={atMs} cx={x(atMs)} cy={y(value ?? 0)} r="3" />
              ))}
            </g>
          ))}
          {shownAt !== undefined && chosen !== undefined && (
            <line class="cursor" x1={x(shownAt)} x2={x(shownAt)} y1={margin.top} y2={height - margin.bottom} />
          )}
        </svg>
      </div>
      <figcaption id={id}>
        {series.map(({ name, version, points }) => (
          <span key={name} class="legend">
            <svg class={`key line version-${version % 8}`} width="22" height="8" aria-hidden="true">
              <path d="M0 4H22" />
            </svg>
            {name} <b>{formatShown(points.find(({ atMs }) => atMs === shownAt)?.value, format)}</b>
          </span>
        ))}
      </figcaption>
    </figure>
  );
}

function formatShown(value: number | undefined, format: (value: number) => string): string {
  return value === undefined ? 'no value' : format(value);
}

/** Whether a value has none before and after it, so that no line shows it. */
function isAlone({ value }: Point, index: number, points: readonly Point[]): boolean {
  return value !== undefined && points[index - 1]?.value === undefined && points[index + 1]?.value === undefined;
}

/** Metrics of users may be negative. */
function lowestValue({ series }: TimeChartProps): number {
  return series.flatMap(({ points }) => points).reduce((lowest, { value = 0 }) => Math.min(lowest, value), 0);
}

function highestValue({ series, limits = [], highest = 0, cap = Infinity }: TimeChartProps): number {
  const values = series.flatMap(({ points, bounds = [] }) => [
    ...points.flatMap(({ value }) => value ?? []),
    // Bounds begin wide, and would make all else flat.
    ...bounds
      .slice(1)
      .slice(-1)
      .map(({ upper }) => upper),
  ]);
  const top = Math.max(highest, ...values, ...limits.map(({ value }) => value * 1.25));
  return Math.min(cap, top) || 1;
}

/** The width of an element, which charts are drawn for. */
function useWidth() {
  const frame = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(640);
  useEffect(() => {
    const element = frame.current;
    if (element === null) return undefined;
    const measure = (): void => setWidth(Math.max(240, element.clientWidth));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [frame, width] as const;
}
