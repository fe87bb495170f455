import { z } from 'zod';
import { parseDuration } from '../../../core/text/duration.ts';
import { momentOfVersion } from '../../../core/tasks/task-context.ts';
import { renderText } from '../../../core/tasks/task.ts';
import type { Header, LoadAmount, LoadedVersion, Payload } from '../../../core/experiment/task-kinds.ts';
import { flag, integer, mapping, parsed, refuse, scalar, text } from '../../document/fields.ts';
import { defineTask } from './definition.ts';
import type { TaskTemplate } from './definition.ts';

const rate = parsed('a number of requests per second above 0', (value) =>
  typeof value === 'number' && value > 0 && value <= 100_000 ? value : undefined,
);

const duration = parsed('a duration such as 5s', (value) => {
  const ms = typeof value === 'string' ? parseDuration(value) : undefined;
  return ms === undefined || ms < 1 ? undefined : ms;
});

const version = mapping({
  name: text,
  url: text,
  headers: z.record(z.string(), scalar).optional(),
  qps: rate.optional(),
});

const versions = z.array(version).superRefine((given, context) => {
  if (given.length === 0) refuse(context, [], { expected: 'at least one version', got: 'none' });
  for (const [index, { name }] of given.entries()) {
    if (given.findIndex((other) => other.name === name) === index) continue;
    refuse(context, [index, 'name'], { expected: 'each version once', got: JSON.stringify(name) });
  }
});

const shape = mapping({
  versions,
  time: duration.optional(),
  numQueries: integer({ min: 1, max: 10_000_000 }).optional(),
  qps: rate.optional(),
  connections: integer({ min: 1, max: 1_000 }).optional(),
  payloadStr: text.optional(),
  payloadURL: text.optional(),
  contentType: text.optional(),
  loadOnly: flag.optional(),
});

type Input = z.output<typeof shape>;

const defaultRate = 8;

/** `metrics/collect`: sends requests to the versions and counts the answers; the inputs of both of iter8's eras. */
export const collect = defineTask(shape, (input) => {
  const { connections = 4, contentType, loadOnly = false } = input;
  const loaded = input.versions.map((version) => loadedVersion(version, input.qps ?? defaultRate));
  const payload = payloadOf(input);
  return {
    make: () => ({
      kind: 'collect',
      versions: loaded,
      amount: amountOf(input),
      connections,
      ...(payload === undefined ? {} : { payload }),
      ...(contentType === undefined ? {} : { contentType }),
      loadOnly,
    }),
    templates: loaded.flatMap(templatesOf),
  };
});

function loadedVersion({ name, url, headers = {}, qps }: Input['versions'][number], rate: number): LoadedVersion {
  const listed = Object.entries(headers).map(([name, value]): Header => ({ name, value }));
  return { name, url, headers: listed, requestsPerSecond: qps ?? rate };
}

/** The number of requests wins, as in iter8; where neither is given, the first era had a time and the second a number. */
function amountOf({ numQueries, time, versions }: Input): LoadAmount {
  if (numQueries !== undefined) return { kind: 'requests', count: numQueries };
  if (time !== undefined) return { kind: 'duration', durationMs: time };
  const isFirstEra = versions.some(({ qps }) => qps !== undefined);
  return isFirstEra ? { kind: 'duration', durationMs: 5_000 } : { kind: 'requests', count: 100 };
}

function payloadOf({ payloadStr, payloadURL }: Input): Payload | undefined {
  if (payloadURL !== undefined) return { kind: 'url', url: payloadURL };
  return payloadStr === undefined ? undefined : { kind: 'text', text: payloadStr };
}

/** They are rendered with the variables of the version that is loaded, whoever wins. */
function templatesOf({ name, url, headers }: LoadedVersion, index: number): readonly TaskTemplate[] {
  const template = (value: string, ...path: string[]): TaskTemplate => ({
    path: ['with', 'versions', index, ...path],
    render: (moment) => renderText(value, momentOfVersion(moment, name), { delimiters: 'both', hasSecret: false }),
  });
  return [template(url, 'url'), ...headers.map((header) => template(header.value, 'headers', header.name))];
}
