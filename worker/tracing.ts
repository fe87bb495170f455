import { createHash } from 'node:crypto';
import { DiagLogLevel, ROOT_CONTEXT, context, diag, trace } from '@opentelemetry/api';
import type { Span, Tracer } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor, RandomIdGenerator } from '@opentelemetry/sdk-trace-base';
import type { IdGenerator } from '@opentelemetry/sdk-trace-base';
import type { Context } from '@temporalio/activity';
import type { Logger } from '@temporalio/common';
import {
  OpenTelemetryActivityInboundInterceptor,
  OpenTelemetryActivityOutboundInterceptor,
} from '@temporalio/interceptors-opentelemetry';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';

/** The traces of a worker's experiments, by OpenTelemetry. */
export interface Tracing {
  readonly interceptors: ActivityInterceptorsFactory;
  /** Sends what is left. */
  readonly stop: () => Promise<void>;
}

/**
 * Traces each activity, where it goes by OpenTelemetry's own variables (`OTEL_EXPORTER_OTLP_ENDPOINT`, …). Each run is one trace, with the run's id
 * as its id, so that whoever knows the one finds the other.
 */
export function startTracing(log: Logger): Tracing {
  const report = (message: string): void => log.warn('traces cannot be sent', { reason: message });
  diag.setLogger({ error: report, warn: report, info: drop, debug: drop, verbose: drop }, DiagLogLevel.WARN);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const ids = new RunIds();
  const provider = new BasicTracerProvider({
    idGenerator: ids,
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': 'serin' }))
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  });
  const tracer = provider.getTracer('serin');
  return {
    interceptors: (activity) => traceActivity(activity, { tracer, ids }),
    // A collector that is away keeps no worker from its end.
    stop: () => provider.shutdown().catch((error: unknown) => report(String(error))),
  };
}

function drop(): void {
  // Not worth a line.
}

interface RunTracer {
  readonly tracer: Tracer;
  readonly ids: RunIds;
}

/** The span of each attempt, with Temporal's own names, within the span of its run. */
function traceActivity(activity: Context, run: RunTracer): ReturnType<ActivityInterceptorsFactory> {
  const inbound = new OpenTelemetryActivityInboundInterceptor(activity, { tracer: run.tracer });
  return {
    inbound: {
      execute: async (input, next) => {
        const span = startRunSpan(activity, run);
        try {
          return await context.with(trace.setSpan(ROOT_CONTEXT, span), () => inbound.execute(input, next));
        } finally {
          // The span of the run is sent once, with its first activity.
          if (activity.info.activityType === 'readManifest') span.end();
        }
      },
    },
    outbound: new OpenTelemetryActivityOutboundInterceptor(activity),
  };
}

/** The span of a run, which every activity makes anew: what it is follows from the run. */
function startRunSpan({ info }: Context, { tracer, ids }: RunTracer): Span {
  const { workflowId = '', runId = '' } = info.workflowExecution ?? {};
  const startTime = info.scheduledTimestampMs;
  const attributes = { temporalWorkflowId: workflowId, run_id: runId };
  return ids.within(runId, () => tracer.startSpan('experiment', { root: true, startTime, attributes }));
}

/** Ids by chance, but for the span of a run. */
class RunIds implements IdGenerator {
  readonly #random = new RandomIdGenerator();
  #runId: string | undefined;

  generateTraceId(): string {
    return this.#runId === undefined ? this.#random.generateTraceId() : traceId(this.#runId);
  }

  generateSpanId(): string {
    return this.#runId === undefined ? this.#random.generateSpanId() : hash(this.#runId).slice(0, 16);
  }

  /** Starts the span of the run. */
  within<T>(runId: string, start: () => T): T {
    this.#runId = runId;
    try {
      return start();
    } finally {
      this.#runId = undefined;
    }
  }
}

/** Temporal's run ids are UUIDs, which have as many digits as a trace id. */
function traceId(runId: string): string {
  const digits = runId.replaceAll('-', '');
  return /^[0-9a-f]{32}$/.test(digits) ? digits : hash(runId).slice(0, 32);
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
