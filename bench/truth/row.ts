import { formatDuration } from '../../core/text/duration.ts';
import type { RunMeasurement } from '../../core/measurements/measurement.ts';

/** What one reader of one store has counted. */
export interface TruthRow {
  readonly store: string;
  /** How late samples show. */
  readonly lagMs: number;
  /** In which way they are late. */
  readonly shown: string;
  /** The store's clock less the reader's. */
  readonly skewMs: number;
  readonly intervalMs: number;
  /** Requests. */
  readonly counted: number;
  readonly answered: number;
  readonly measurements: readonly RunMeasurement[];
}

const columns = [
  'store',
  'lag',
  'late',
  'clock',
  'interval',
  'counted',
  'answered',
  'counted/answered',
  'blind',
  'error',
];

/** The head of the table; blind and error are intervals. */
export function tableHead(): string {
  return formatHead(columns);
}

export function formatRow({ store, lagMs, shown, skewMs, intervalMs, ...row }: TruthRow): string {
  const { counted, answered, measurements } = row;
  const intervals = (kind: RunMeasurement['kind']): string =>
    `${measurements.filter((one) => one.kind === kind).length} of ${measurements.length}`;
  return formatCells([
    store,
    formatDuration(lagMs),
    shown,
    formatSkew(skewMs),
    formatDuration(intervalMs),
    String(counted),
    String(answered),
    (counted / answered).toFixed(3),
    intervals('blind'),
    intervals('error'),
  ]);
}

/** One line for each store: over which lags, clocks and intervals, and between which shares of what was answered it counted. */
export function formatSummary(rows: readonly TruthRow[]): string {
  const lines = [...Map.groupBy(rows, ({ store }) => store)].map(([store, own]) => {
    const shares = own.map(({ counted, answered }) => counted / answered);
    const list = (values: readonly number[], format: (value: number) => string): string =>
      [...new Set(values)].map(format).join(', ');
    const [least, most] = [Math.min(...shares).toFixed(3), Math.max(...shares).toFixed(3)];
    return formatCells([
      store,
      list(
        own.map(({ lagMs }) => lagMs).sort((a, b) => a - b),
        formatDuration,
      ),
      list(
        own.map(({ skewMs }) => skewMs).sort((a, b) => a - b),
        formatSkew,
      ),
      list(
        own.map(({ intervalMs }) => intervalMs).sort((a, b) => a - b),
        formatDuration,
      ),
      String(own.length),
      least === most ? least : `${least} to ${most}`,
    ]);
  });
  return [formatHead(['store', 'lags', 'clock', 'intervals', 'rows', 'counted/answered']), ...lines].join('\n');
}

/** What measurements without a value said in a row that has not counted what was answered, each once. */
export function reasons({ measurements }: TruthRow): readonly string[] {
  return [...new Set(measurements.flatMap((one) => (one.kind === 'measured' ? [] : [`${one.kind}: ${one.reason}`])))];
}

function formatSkew(skewMs: number): string {
  const side = skewMs > 0 ? 'ahead' : 'behind';
  return skewMs === 0 ? 'agrees' : `${formatDuration(Math.abs(skewMs))} ${side}`;
}

function formatHead(titles: readonly string[]): string {
  return [formatCells(titles), formatCells(titles.map(() => '---'))].join('\n');
}

function formatCells(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}
