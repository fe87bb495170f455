import { formatDuration } from '../../core/text/duration.ts';
import type { RunMeasurement } from '../../core/measurements/measurement.ts';

/** What one reader of one store has counted. */
export interface TruthRow {
  readonly store: string;
  /** How samples come to be seen. */
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
  'samples show',
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
  return [formatCells(columns), formatCells(columns.map(() => '---'))].join('\n');
}

export function formatRow({ store, shown, skewMs, intervalMs, counted, answered, measurements }: TruthRow): string {
  const side = skewMs > 0 ? 'ahead' : 'behind';
  const intervals = (kind: RunMeasurement['kind']): string =>
    `${measurements.filter((one) => one.kind === kind).length} of ${measurements.length}`;
  return formatCells([
    store,
    shown,
    skewMs === 0 ? 'agrees' : `${formatDuration(Math.abs(skewMs))} ${side}`,
    formatDuration(intervalMs),
    String(counted),
    String(answered),
    (counted / answered).toFixed(3),
    intervals('blind'),
    intervals('error'),
  ]);
}

function formatCells(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}
