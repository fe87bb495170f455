import { z } from 'zod';
import { defined } from '../../../core/text/defined.ts';
import { parseDuration } from '../../../core/text/duration.ts';
import { withVersion } from '../../../core/tasks/task-context.ts';
import { renderText } from '../../../core/tasks/task.ts';
import type { Header, LoadAmount, LoadedVersion, Payload } from '../../../core/experiment/task-kinds.ts';
import {
  flagField,
  integerField,
  mappingField,
  parsed,
  refuse,
  scalarField,
  textField,
} from '../../document/fields.ts';
import { defineTask } from './definition.ts';
import type { NamedTasks, TaskDefinition, TaskTemplate } from './definition.ts';

const rateField = parsed('a number of requests per second above 0', (value) =>
  typeof value === 'number' && value > 0 && value <= 100_000 ? value : undefined,
);

const durationField = parsed('a duration such as 5s', (value) => {
  const ms = typeof value === 'string' ? parseDuration(value) : undefined;
  return ms === undefined || ms < 1 ? undefined : ms;
});

const versionField = mappingField({
  name: textField,
  url: textField,
  headers: z.record(z.string(), scalarField).optional(),
  qps: rateField.optional(),
});

const versionsField = z.array(versionField).superRefine((given, context) => {
  if (given.length === 0) refuse(context, [], { expected: 'at least one version', got: 'none' });
  for (const [index, { name }] of given.entries()) {
    if (given.findIndex((other) => other.name === name) === index) continue;
    refuse(context, [index, 'name'], { expected: 'each version once', got: JSON.stringify(name) });
  }
});

const shape = mappingField({
  versions: versionsField,
  time: durationField.optional(),
  numQueries: integerField({ min: 1, max: 10_000_000 }).optional(),
  qps: rateField.optional(),
  connections: integerField({ min: 1, max: 1_000 }).optional(),
  payloadStr: textField.optional(),
  payloadURL: textField.optional(),
  contentType: textField.optional(),
  loadOnly: flagField.optional(),
});

type Input = z.output<typeof shape>;

const defaultRate = 8;

/**
 * `metrics/collect`: sends requests to the versions and counts the answers; takes the inputs of both generations of iter8's
 * task.
 */
const collect: TaskDefinition<'collect'> = defineTask(shape, (input) => {
  const { connections = 4, contentType, loadOnly = false } = input;
  const loaded = input.versions.map((version) => loadedVersion(version, input.qps ?? defaultRate));
  const payload = readPayload(input);
  return {
    make: () => ({
      kind: 'collect',
      versions: loaded,
      amount: loadAmount(input),
      connections,
      ...defined({ payload, contentType }),
      loadOnly,
    }),
    templates: loaded.flatMap(versionTemplates),
  };
});

export const collectTasks: NamedTasks<'collect'> = { 'metrics/collect': collect };

function loadedVersion({ name, url, headers = {}, qps }: Input['versions'][number], rate: number): LoadedVersion {
  const listed = Object.entries(headers).map(([header, value]): Header => ({ name: header, value }));
  return { name, url, headers: listed, requestsPerSecond: qps ?? rate };
}

/**
 * The amount of a load: the number of requests wins over the time, as in iter8. Where neither is given, the first generation
 * of the task, whose versions have rates of their own, had a default time and the second a default number.
 */
function loadAmount({ numQueries, time, versions }: Input): LoadAmount {
  if (numQueries !== undefined) return { kind: 'requests', count: numQueries };
  if (time !== undefined) return { kind: 'duration', durationMs: time };
  const isFirstGeneration = versions.some(({ qps }) => qps !== undefined);
  return isFirstGeneration ? { kind: 'duration', durationMs: 5_000 } : { kind: 'requests', count: 100 };
}

function readPayload({ payloadStr, payloadURL }: Input): Payload | undefined {
  if (payloadURL !== undefined) return { kind: 'url', url: payloadURL };
  return payloadStr === undefined ? undefined : { kind: 'text', text: payloadStr };
}

/** The templates of a version, which are rendered with its own variables, not the winner's. */
function versionTemplates({ name, url, headers }: LoadedVersion, index: number): readonly TaskTemplate[] {
  const template = (value: string, ...path: string[]): TaskTemplate => ({
    path: ['with', 'versions', index, ...path],
    render: (taskContext) =>
      renderText(value, withVersion(taskContext, name), { delimiters: 'both', hasSecret: false }),
  });
  return [template(url, 'url'), ...headers.map((header) => template(header.value, 'headers', header.name))];
}
