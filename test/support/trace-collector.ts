import { startHttpServer } from '../activities/http/http-server.ts';

/** A span as OTLP's JSON has it (https://opentelemetry.io/docs/specs/otlp/), as far as it is read. */
export interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
}

interface ExportedTraces {
  readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly CollectedSpan[] }[] }[];
}

export interface TraceCollector {
  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly endpoint: string;
  readonly spans: () => readonly CollectedSpan[];
  readonly close: () => Promise<void>;
}

/** A collector of traces on loopback. */
export async function startTraceCollector(): Promise<TraceCollector> {
  const { url, received, close } = await startHttpServer((_, response) => void response.end('{}'));
  const readSpans = ({ body }: { readonly body: string }): readonly CollectedSpan[] => {
    const { resourceSpans } = JSON.parse(body) as ExportedTraces;
    return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
  };
  return { endpoint: url, spans: () => received.flatMap(readSpans), close };
}
