import { createServer } from 'node:http';
import { listen, type Listening } from '../processes/listen.ts';
import { render, type Family } from './exposition.ts';
import { legacyFamilies } from './legacy.ts';
import { openTelemetryFamilies } from './opentelemetry.ts';
import type { RequestRecorder } from './recorder.ts';

/** Which generation of Knative's request metrics is exposed. */
export type MetricsGeneration = 'legacy' | 'opentelemetry' | 'both';

/** Serves `/metrics`: what the queue-proxies of all pods expose, on one address. */
export function serveMetrics(recorder: RequestRecorder, generation: MetricsGeneration): Promise<Listening> {
  const server = createServer((request, response) => {
    if (request.url !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    response
      .setHeader('Content-Type', 'text/plain; version=0.0.4; charset=utf-8')
      .end(render(families(recorder, generation)));
  });
  return listen(server);
}

function families(recorder: RequestRecorder, generation: MetricsGeneration): Family[] {
  switch (generation) {
    case 'legacy':
      return legacyFamilies(recorder);
    case 'opentelemetry':
      return openTelemetryFamilies(recorder);
    case 'both':
      return [...legacyFamilies(recorder), ...openTelemetryFamilies(recorder)];
  }
}
