/** The versions, the baseline first. */
export const revisions = ['app-v1', 'app-v2'] as const;
export const scrapeIntervalMs = 10_000;

const hourMs = 3_600_000;
/** Knative's, seconds. */
const bounds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const codes = [200, 500];
/** Of one request body. */
const podsAtOnce = 50;

/** Writes an hour of scrapes of the queue-proxies of so many pods, of which every fifth is of the candidate. */
export async function writePods(url: string, pods: number): Promise<void> {
  const endMs = Date.now();
  for (let atMs = endMs - hourMs; atMs <= endMs; atMs += scrapeIntervalMs) {
    const requests = (1 + (atMs - endMs + hourMs) / scrapeIntervalMs) * 15;
    for (let first = 0; first < pods; first += podsAtOnce) {
      const count = Math.min(podsAtOnce, pods - first);
      await push(
        url,
        Array.from({ length: count }, (_, index) => describePod(first + index, { atMs, requests })),
      );
    }
  }
}

interface Scrape {
  readonly atMs: number;
  /** In each bucket together. */
  readonly requests: number;
}

function describePod(pod: number, { atMs, requests }: Scrape): object {
  const name = `pod-${pod}`;
  const attributes = {
    'service.name': 'app',
    'service.instance.id': name,
    'k8s.namespace.name': 'default',
    'k8s.pod.name': name,
    'kn.revision.name': revisions[pod % 5 === 4 ? 1 : 0],
  };
  const bucketCounts = [...bounds, Infinity].map((_, index) => Math.floor(requests / (index + 1)));
  const dataPoints = codes.map((code) => ({
    attributes: [{ key: 'http.response.status_code', value: { intValue: String(code) } }],
    timeUnixNano: `${atMs}000000`,
    count: bucketCounts.reduce((sum, one) => sum + one, 0),
    sum: requests,
    bucketCounts,
    explicitBounds: bounds,
  }));
  const histogram = { aggregationTemporality: 2, dataPoints };
  const metrics = [{ name: 'kn.serving.invocation.duration', unit: 's', histogram }];
  return {
    resource: { attributes: Object.entries(attributes).map(([key, stringValue]) => ({ key, value: { stringValue } })) },
    scopeMetrics: [{ scope: { name: 'knative.dev/serving/pkg/queue' }, metrics }],
  };
}

async function push(url: string, resourceMetrics: readonly object[]): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ resourceMetrics });
  const response = await fetch(`${url}/api/v1/otlp/v1/metrics`, { method: 'POST', headers, body });
  if (!response.ok) throw new Error(`HTTP ${response.status}: ${await response.text()}`);
}
