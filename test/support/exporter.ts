import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A scrape target whose exposition the test writes, step by step. */
export interface Exporter {
  readonly address: string;
  /** Shows these lines from the next scrape on; `failing` answers HTTP 500 to every scrape. */
  show(step: number, content: readonly string[] | 'failing'): void;
  close(): Promise<void>;
}

export async function startExporter(): Promise<Exporter> {
  let shown: string | undefined = '';
  const server = createServer((_, response) => {
    response.writeHead(shown === undefined ? 500 : 200, { 'content-type': 'text/plain; version=0.0.4' });
    response.end(shown);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A server that listens on TCP has an address of this form.
  const { port } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    show: (step, content) => {
      shown = content === 'failing' ? undefined : [...content, `script_step ${step}`, ''].join('\n');
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export interface HistogramLines {
  readonly family: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Cumulative counts by upper boundary, in the family's unit; the last is `+Inf`. */
  readonly buckets: Readonly<Record<string, number>>;
  readonly sum: number;
  /** Other than `+Inf` only where the test is about a torn histogram. */
  readonly count?: number;
}

/** A histogram in Prometheus' text format. */
export function histogramLines({ family, labels, buckets, sum, count = buckets['+Inf'] }: HistogramLines): string[] {
  const own = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  const bucketLines = Object.entries(buckets)
    .sort(([a], [b]) => parseBoundary(a) - parseBoundary(b))
    .map(([le, value]) => `${family}_bucket{${[...own, `le="${le}"`].join(',')}} ${value}`);
  return [...bucketLines, `${family}_sum{${own.join(',')}} ${sum}`, `${family}_count{${own.join(',')}} ${count}`];
}

function parseBoundary(le: string): number {
  return Number(le.replace('Inf', 'Infinity'));
}
