import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { render } from '../../sandbox/metrics/exposition.ts';
import { legacyFamilies } from '../../sandbox/metrics/legacy.ts';
import { openTelemetryFamilies } from '../../sandbox/metrics/opentelemetry.ts';
import { RequestRecorder, type PodIdentity } from '../../sandbox/metrics/recorder.ts';

const pod: PodIdentity = {
  namespace: 'default',
  service: 'sample-app',
  configuration: 'sample-app',
  revision: 'sample-app-v1',
  pod: 'sample-app-v1-deployment-1',
};

/** The requests that the programs in sandbox/queue-proxy have sent through Knative's own handlers. */
function sampleRequests(): RequestRecorder {
  const recorder = new RequestRecorder();
  recorder.add(pod);
  recorder.record(pod, 200, 0.2);
  recorder.record(pod, 200, 5.2);
  recorder.record(pod, 404, 0.2);
  recorder.record(pod, 503, 120.2);
  return recorder;
}

function fixture(name: string): string {
  return readFileSync(new URL(`fixtures/${name}.prom`, import.meta.url), 'utf8');
}

/** Lines in any order, without the sums, which are of measured times. */
function comparable(exposition: string): string[] {
  return exposition
    .trim()
    .split('\n')
    .map((line) => (line.includes('_sum{') ? line.slice(0, line.lastIndexOf(' ')) : line))
    .toSorted();
}

describe('the exposition of the legacy generation', () => {
  test("is, to the letter, that of Knative's queue-proxy for the same requests", () => {
    expect(render(legacyFamilies(sampleRequests())).trim().split('\n').toSorted()).toEqual(
      fixture('queue-proxy-legacy').trim().split('\n').toSorted(),
    );
  });
});

describe('the exposition of the OpenTelemetry generation', () => {
  test("has the names, labels, types and buckets of Knative's queue-proxy for the same requests", () => {
    expect(comparable(render(openTelemetryFamilies(sampleRequests())))).toEqual(
      comparable(fixture('queue-proxy-opentelemetry')),
    );
  });

  test('measures in seconds, with fractions', () => {
    const text = render(openTelemetryFamilies(sampleRequests()));
    expect(text).toMatch(/_sum\{http_response_status_code="503".*\} 0\.1202\n/);
  });
});

describe('a pod that has gone', () => {
  test('takes its series with it', () => {
    const recorder = sampleRequests();
    recorder.remove(pod);
    expect(render(legacyFamilies(recorder))).toBe('');
  });

  test('counts no late request', () => {
    const recorder = sampleRequests();
    recorder.remove(pod);
    recorder.record(pod, 200, 1);
    expect([...recorder.tallies()]).toEqual([]);
  });
});
