import type { RecordedHistogram } from './recorder.ts';

export type Labels = Readonly<Record<string, string>>;

/** A metric family in Prometheus' text format. */
export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'histogram';
  readonly lines: readonly string[];
}

export function counterLine(name: string, labels: Labels, value: number): string {
  return `${name}${labelText(labels)} ${value}`;
}

/** The lines of one histogram: cumulative buckets, sum and count. */
export function histogramLines(name: string, labels: Labels, { bounds, counts, sum }: RecordedHistogram): string[] {
  const lines: string[] = [];
  let total = 0;
  for (const [index, count] of counts.entries()) {
    total += count;
    const bound = bounds[index];
    const le = bound === undefined ? '+Inf' : String(bound);
    lines.push(`${name}_bucket${labelText({ ...labels, le })} ${total}`);
  }
  lines.push(`${name}_sum${labelText(labels)} ${sum}`, `${name}_count${labelText(labels)} ${total}`);
  return lines;
}

/** The families in Prometheus' text format, without those that have no lines. */
export function render(families: readonly Family[]): string {
  return families
    .filter(({ lines }) => lines.length > 0)
    .map(({ name, help, type, lines }) => [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines, ''].join('\n'))
    .join('');
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return `{${pairs.join(',')}}`;
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
