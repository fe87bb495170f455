import { approvalLimitPolicies, areEnough, parseApprovers } from '../../../core/experiment/approvers.ts';
import { z } from 'zod';
import { parseDuration } from '../../../core/text/duration.ts';
import { commonOutagePolicies } from '../../../core/experiment/analysis.ts';
import type { Analysis, UndecidedPolicy } from '../../../core/experiment/analysis.ts';
import { heldPolicies } from '../../../core/experiment/experiment.ts';
import type { Experiment, Objective } from '../../../core/experiment/experiment.ts';
import { readCalendar } from '../../calendar/calendar.ts';
import { metricName, parsed, refuse } from '../../document/fields.ts';
import type { IssueParams } from '../../document/fields.ts';
import { showValue } from '../../document/issue.ts';
import { defined } from '../../../core/text/defined.ts';
import { shareField } from '../../document/share.ts';

export const settingPrefix = 'serin.dev/';

/** An objective that an annotation makes: a limit relative to the baseline. */
export interface RelativeObjective extends Required<Pick<Objective, 'metric' | 'maxRatioToBaseline'>> {
  /** The metric as it is written. */
  readonly written: string;
}

/** The settings that annotations give. Of the analysis only what they name; the rest are the method's defaults. */
export type AnnotationSettings = Omit<Partial<Experiment>, 'analysis' | 'objectives'> & {
  readonly analysis?: Partial<Analysis>;
  /** They follow the objectives of the criteria. */
  readonly relativeObjectives?: readonly RelativeObjective[];
};

interface SettingAnnotation {
  readonly expected: string;
  /** The setting that the annotation's text makes; undefined when the text is not what is expected. */
  readonly read: (text: string) => AnnotationSettings | undefined;
  /** What is wrong within a longer text. */
  readonly findProblems?: (text: string) => readonly string[];
}

/** The annotation, without its prefix, whose text makes objectives. */
export const ratioAnnotation = 'max-ratio-to-baseline';

/** The annotations for settings that iter8's manifests have no fields for. */
const settingAnnotations: ReadonlyMap<string, SettingAnnotation> = new Map(
  Object.entries<SettingAnnotation>({
    approval: {
      expected: 'required or none',
      read: (text) => (text === 'required' || text === 'none' ? { approval: text } : undefined),
    },
    approvers: {
      expected: 'names, as many of them as must approve, such as `ann, bob, group:sre` or `2 of ann, bob, group:sre`',
      read: (text) => {
        const approvers = parseApprovers(text);
        return approvers === undefined || !areEnough(approvers) ? undefined : { approval: 'required', approvers };
      },
    },
    'on-approval-limit': {
      expected: 'rollback or promote',
      read: (text) => {
        const onApprovalLimit = approvalLimitPolicies.find((policy) => policy === text);
        return onApprovalLimit === undefined ? undefined : { onApprovalLimit };
      },
    },
    calendar: {
      expected: 'a calendar in YAML: docs/calendar.md',
      read: (text) => {
        const reading = readCalendar(text);
        return reading.kind === 'read' ? { calendar: reading.calendar } : undefined;
      },
      findProblems: (text) => {
        const reading = readCalendar(text);
        return reading.kind === 'read' ? [] : reading.problems;
      },
    },
    'bake-time': duration((bakeMs) => ({ bakeMs })),
    'remind-every': duration((remindEveryMs) => ({ remindEveryMs })),
    'approval-limit': duration((approvalLimitMs) => ({ approvalLimitMs })),
    'blind-limit': duration((blindLimitMs) => ({ blindLimitMs })),
    'on-blind': {
      expected: 'rollback or hold',
      read: (text) => (text === 'rollback' || text === 'hold' ? { onBlind: text } : undefined),
    },
    'when-held': {
      expected: 'queue, replace or reject',
      read: (text) => {
        const whenHeld = heldPolicies.find((policy) => policy === text);
        return whenHeld === undefined ? undefined : { whenHeld };
      },
    },
    'min-samples': {
      expected: 'a whole number of requests',
      read: (text) => (/^\d{1,9}$/.test(text) ? { minSamples: Number(text) } : undefined),
    },
    tolerance: {
      expected: 'a share of the limit such as 0.5',
      read: (text) => {
        const tolerance = decimal(text);
        return tolerance === undefined ? undefined : { tolerance, analysis: { latencyTolerance: tolerance } };
      },
    },
    analysis: {
      expected: 'threshold or sequential',
      read: (text) => (text === 'threshold' || text === 'sequential' ? { analysis: { method: text } } : undefined),
    },
    confidence: {
      expected: 'a number from 0.5 to below 1, such as 0.95',
      read: (text) => {
        const confidence = decimal(text);
        if (confidence === undefined || confidence < 0.5 || confidence >= 1) return undefined;
        // 1 - 0.95 is not 0.05 in binary.
        const error = Number((1 - confidence).toPrecision(9));
        return { analysis: { falsePass: error, falseFail: error } };
      },
    },
    'warm-up': duration((warmUpMs) => ({ analysis: { warmUpMs } })),
    undecided: {
      expected: 'extend, rollback, hold or pointEstimate',
      read: (text) => {
        const undecided = undecidedPolicies.find((policy) => policy === text);
        return undecided === undefined ? undefined : { analysis: { undecided } };
      },
    },
    'longest-extension': duration((longestExtensionMs) => ({ analysis: { longestExtensionMs } })),
    guard: duration((guardMs) => ({ analysis: { guardMs } })),
    dispersion: {
      expected: 'auto, off, or how many requests count as one, from 1',
      read: (text) => {
        if (text === 'auto' || text === 'off') return { analysis: { dispersion: text } };
        const dispersion = decimal(text);
        return dispersion === undefined || dispersion < 1 ? undefined : { analysis: { dispersion } };
      },
    },
    'on-suspect': {
      expected: 'hold or backoff',
      read: (text) => (text === 'hold' || text === 'backoff' ? { analysis: { onSuspect: text } } : undefined),
    },
    'common-outage': {
      expected: 'blame or hold',
      read: (text) => {
        const commonOutage = commonOutagePolicies.find((policy) => policy === text);
        return commonOutage === undefined ? undefined : { analysis: { commonOutage } };
      },
    },
    steps: {
      expected: 'rising percents such as 5,10,25,50',
      read: (text) => {
        const steps = text.split(',').map((part) => (/^ *\d{1,3} *$/.test(part) ? Number(part) : 0));
        const isRising = steps.every((percent, index) => percent > (steps[index - 1] ?? 0) && percent <= 100);
        return isRising ? { analysis: { steps } } : undefined;
      },
    },
    'risk-budget': {
      expected: 'a number of requests above 0',
      read: (text) => {
        const riskBudget = decimal(text);
        return riskBudget === undefined || riskBudget <= 0 ? undefined : { analysis: { riskBudget } };
      },
    },
    [ratioAnnotation]: {
      expected: 'metrics with ratios above 0, each metric once, such as mean-latency=1.2,error-rate=150%',
      read: (text) => {
        const relativeObjectives = text.split(',').flatMap(readRatio);
        const metrics = new Set(relativeObjectives.map(({ metric }) => metric));
        return metrics.size === text.split(',').length ? { relativeObjectives } : undefined;
      },
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

const undecidedPolicies = ['extend', 'rollback', 'hold', 'pointEstimate'] as const satisfies readonly UndecidedPolicy[];

/** Reads `mean-latency=1.2`; an empty list where it is something else. */
function readRatio(text: string): readonly RelativeObjective[] {
  const [written = '', ratio = '', ...rest] = text.split('=').map((part) => part.trim());
  const metric = metricName.safeParse(written).data;
  const maxRatioToBaseline = shareField.safeParse(decimal(ratio) ?? ratio).data ?? 0;
  if (metric === undefined || rest.length > 0 || maxRatioToBaseline === 0) return [];
  return [{ metric, maxRatioToBaseline, written }];
}

function decimal(text: string): number | undefined {
  return /^\d{1,9}(\.\d{1,9})?$/.test(text) ? Number(text) : undefined;
}

/** A year: more than any experiment needs, and within what Temporal's timers hold. */
const longestMs = 8_760 * 3_600_000;

function duration(set: (ms: number) => AnnotationSettings): SettingAnnotation {
  const read = (text: string): AnnotationSettings | undefined => {
    const ms = parseDuration(text);
    return ms === undefined || ms <= 0 || ms > longestMs ? undefined : set(ms);
  };
  return { expected: 'a duration such as 90s, 10m or 1h30m, at most 8760h', read };
}

/** Annotations: those under `serin.dev/` are settings, all others are ignored. */
export const annotations = z
  .record(
    z.string(),
    parsed('text', (value) => (isScalar(value) ? String(value) : undefined)),
  )
  .transform((values, context): AnnotationSettings => {
    let settings: AnnotationSettings = {};
    for (const [name, value] of Object.entries(values)) {
      if (!name.startsWith(settingPrefix)) continue;
      const known = settingAnnotations.get(name.slice(settingPrefix.length));
      const setting = known?.read(value);
      if (known === undefined)
        refuse(context, [name], { expected: listSettingAnnotations(), got: 'an unknown annotation' });
      else if (setting === undefined) refuse(context, [name], explainRefusal(known, value));
      else settings = merged(settings, setting);
    }
    return settings;
  });

function explainRefusal({ expected, findProblems }: SettingAnnotation, value: string): IssueParams {
  return { expected, got: findProblems === undefined ? showValue(value) : findProblems(value).join('; ') };
}

function merged(settings: AnnotationSettings, { analysis, ...setting }: AnnotationSettings): AnnotationSettings {
  const both = analysis === undefined ? settings.analysis : { ...settings.analysis, ...analysis };
  return { ...settings, ...setting, ...defined({ analysis: both }) };
}

function isScalar(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function listSettingAnnotations(): string {
  const names = [...settingAnnotations.keys()].map((name) => `${settingPrefix}${name}`);
  return `one of ${names.join(', ')}`;
}
