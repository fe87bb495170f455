import { z } from 'zod';
import { parseDuration } from '../core/duration.ts';
import type { Experiment } from '../core/experiment.ts';
import { parsed, refuse } from './fields.ts';
import { showValue } from './issue.ts';

const knobPrefix = 'serin.dev/';

type KnobSetting = Partial<Experiment>;

interface Knob {
  readonly expected: string;
  /** The setting that the annotation's text makes; undefined when the text is not what is expected. */
  readonly read: (text: string) => KnobSetting | undefined;
}

/** What an iter8 manifest cannot say in its own fields, it says in annotations; each of them in this table. */
const knobs: ReadonlyMap<string, Knob> = new Map(
  Object.entries<Knob>({
    approval: {
      expected: 'required or none',
      read: (text) => (text === 'required' || text === 'none' ? { approval: text } : undefined),
    },
    'approval-limit': duration((approvalLimitMs) => ({ approvalLimitMs })),
    'blind-limit': duration((blindLimitMs) => ({ blindLimitMs })),
    'on-blind': {
      expected: 'rollback or hold',
      read: (text) => (text === 'rollback' || text === 'hold' ? { onBlind: text } : undefined),
    },
    'min-samples': {
      expected: 'a whole number of requests',
      read: (text) => (/^\d{1,9}$/.test(text) ? { minSamples: Number(text) } : undefined),
    },
    tolerance: {
      expected: 'a share of the limit such as 0.5',
      read: (text) => (/^\d{1,9}(\.\d{1,9})?$/.test(text) ? { tolerance: Number(text) } : undefined),
    },
    errors: {
      expected: '5xx or not-2xx',
      read: (text) => (text === '5xx' || text === 'not-2xx' ? { errorClass: text } : undefined),
    },
    'readiness-limit': duration((readinessLimitMs) => ({ readinessLimitMs })),
    'candidate-grace': duration((candidateGraceMs) => ({ candidateGraceMs })),
    'task-limit': duration((taskLimitMs) => ({ taskLimitMs })),
    'finish-on-abort': {
      expected: '"true" or "false"',
      read: (text) => (text === 'true' || text === 'false' ? { finishOnAbort: text === 'true' } : undefined),
    },
  }),
);

/** A year: more than any experiment needs, and within what Temporal's timers hold. */
const longestMs = 8_760 * 3_600_000;

function duration(set: (ms: number) => KnobSetting): Knob {
  const read = (text: string): KnobSetting | undefined => {
    const ms = parseDuration(text);
    return ms === undefined || ms <= 0 || ms > longestMs ? undefined : set(ms);
  };
  return { expected: 'a duration such as 90s, 10m or 1h30m, at most 8760h', read };
}

/** Annotations: the ones under `serin.dev/` are settings, all others belong to somebody else. */
export const annotations = z
  .record(
    z.string(),
    parsed('text', (value) => (isScalar(value) ? String(value) : undefined)),
  )
  .transform((values, context): KnobSetting => {
    let settings: KnobSetting = {};
    for (const [name, value] of Object.entries(values)) {
      if (!name.startsWith(knobPrefix)) continue;
      const knob = knobs.get(name.slice(knobPrefix.length));
      const setting = knob?.read(value);
      if (knob === undefined) refuse(context, [name], { expected: listKnobs(), got: 'an unknown annotation' });
      else if (setting === undefined) refuse(context, [name], { expected: knob.expected, got: showValue(value) });
      else settings = { ...settings, ...setting };
    }
    return settings;
  });

function isScalar(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function listKnobs(): string {
  const names = [...knobs.keys()].map((name) => `${knobPrefix}${name}`);
  return `one of ${names.join(', ')}`;
}
