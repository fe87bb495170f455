import { createServer } from 'node:http';
import { listen } from '../../sandbox/processes/listen.ts';
import type { ScaleOptions } from './options.ts';
import type { Target } from './targets.ts';

const requestsPerSecond = 50;
const family = 'revision_app_request_latencies';

/** Upper bounds in ms, as Knative's queue-proxy has them, with the share of requests at or below each. */
const buckets: readonly (readonly [le: string, share: number])[] = [
  ...[5, 10, 20, 40].map((le, index) => [String(le), 0.2 * (index + 1)] as const),
  ...[60, 80, 100, 150, 200, 250, 300, 350, 400, 450, 500, 600, 700, 800, 900, 1000, 2000, 5000].map(
    (le, index) => [String(le), 0.97 + index / 1000] as const,
  ),
  ...[10_000, 20_000, 50_000, 100_000].map((le) => [String(le), 1] as const),
  ['+Inf', 1],
];
const meanMs = 22;
/** Of each code but the first: few enough for every objective to hold. */
const rareShare = 0.0005;
const statusCodes = ['200', '503', '404', '500', '429', '400', '403', '502', '504', '401'];

/** The counters of one response code of one pod. */
interface Series {
  readonly revision: string;
  readonly codeShare: number;
  /** Requests so far. */
  count: number;
  readonly lines: readonly { readonly name: string; readonly factor: number }[];
}

export interface Exporter {
  /** `host:port` for Prometheus. */
  readonly address: string;
  readonly close: () => Promise<void>;
}

/** Serves the request metrics of all targets' pods; each revision gets its percent of 50 requests a second. */
export async function startExporter(
  targets: readonly Target[],
  { pods, codes }: Pick<ScaleOptions, 'pods' | 'codes'>,
  percents: () => ReadonlyMap<string, number>,
): Promise<Exporter> {
  const series = targets.flatMap((target) =>
    [target.baseline, target.candidate].flatMap((revision) => podSeries(target, revision, { pods, codes })),
  );
  let countedAtMs = performance.now();
  const server = createServer((_, response) => {
    const nowMs = performance.now();
    const requests = (requestsPerSecond * (nowMs - countedAtMs)) / 1000;
    countedAtMs = nowMs;
    const current = percents();
    for (const one of series) one.count += (requests * one.codeShare * (current.get(one.revision) ?? 0)) / 100 / pods;
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' });
    response.end(`# TYPE ${family} histogram\n${series.map(render).join('')}`);
  });
  const { port, close } = await listen(server);
  return { address: `127.0.0.1:${port}`, close };
}

function render({ count, lines }: Series): string {
  const requests = Math.floor(count);
  return lines.map(({ name, factor }) => `${name} ${Math.floor(requests * factor)}\n`).join('');
}

function podSeries(
  { namespace, name }: Target,
  revision: string,
  { pods, codes }: Pick<ScaleOptions, 'pods' | 'codes'>,
): readonly Series[] {
  const shown = statusCodes.slice(0, codes);
  return Array.from({ length: pods }, (_, pod) =>
    shown.map((code, index): Series => {
      const labels = [
        `configuration_name="${name}",container_name="queue-proxy",namespace_name="${namespace}"`,
        `pod_name="${revision}-${pod}",response_code="${code}",response_code_class="${code.charAt(0)}xx"`,
        `revision_name="${revision}",service_name="${name}"`,
      ].join(',');
      const lines = [
        ...buckets.map(([le, factor]) => ({ name: `${family}_bucket{${labels},le="${le}"}`, factor })),
        { name: `${family}_sum{${labels}}`, factor: meanMs },
        { name: `${family}_count{${labels}}`, factor: 1 },
      ];
      return { revision, codeShare: index === 0 ? 1 - rareShare * (shown.length - 1) : rareShare, count: 0, lines };
    }),
  ).flat();
}
