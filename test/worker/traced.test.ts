import { expect, test } from 'vitest';
import { isTraced } from '../../worker/traced.ts';

const endpoint = 'http://collector:4318';

test.each([
  ['without any variable', {}, false],
  ['with an endpoint', { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }, true],
  ['with an endpoint for traces', { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoint }, true],
  ['with an empty endpoint', { OTEL_EXPORTER_OTLP_ENDPOINT: '' }, false],
  ['where OpenTelemetry is disabled', { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_SDK_DISABLED: 'TRUE' }, false],
  ['where traces go nowhere', { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_TRACES_EXPORTER: 'none' }, false],
])('%s a worker is traced or not', (_, environment, expected) => {
  expect(isTraced(environment)).toBe(expected);
});
