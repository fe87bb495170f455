import { needsPerson, attentions } from '../../core/report/attention.ts';
import type { ListedExperiment } from '../../server/api.ts';

/** Which experiments the list shows; its address has what is set. */
export interface Filters {
  /** A part of a name, target or workflow id. */
  readonly text: string;
  /** A namespace of Kubernetes. */
  readonly namespace: string;
  readonly stage: string;
  readonly outcome: string;
  /** Only those that go on when a person acts. */
  readonly needsMe: boolean;
}

/** Reads the filters from the address's search, `?outcome=Failed`. */
export function readFilters(search: string): Filters {
  const query = new URLSearchParams(search);
  const read = (name: string): string => query.get(name) ?? '';
  return {
    text: read('text'),
    namespace: read('namespace'),
    stage: read('stage'),
    outcome: read('outcome'),
    needsMe: query.has('needsMe'),
  };
}

/** The search for the address; empty where nothing is filtered. */
export function formatFilters({ needsMe, ...texts }: Filters): string {
  const query = new URLSearchParams(Object.entries(texts).filter(([, value]) => value !== ''));
  if (needsMe) query.set('needsMe', '');
  const text = query.toString().replace(/=(?=&|$)/g, '');
  return text === '' ? '' : `?${text}`;
}

/** The experiments that the filters let through, what needs a person first. */
export function chooseExperiments(
  experiments: Iterable<ListedExperiment>,
  filters: Filters,
): readonly ListedExperiment[] {
  return [...experiments].filter((one) => isChosen(one, filters)).toSorted(byUrgency);
}

/** The namespace of Kubernetes that the experiment's target is in. */
export function targetNamespace({ target }: ListedExperiment): string | undefined {
  return target?.split('/')[0];
}

function isChosen(one: ListedExperiment, { text, namespace, stage, outcome, needsMe }: Filters): boolean {
  const { workflowId, name = '', target = '', attention } = one;
  if (needsMe && !needsPerson(attention)) return false;
  if (namespace !== '' && targetNamespace(one) !== namespace) return false;
  if (stage !== '' && one.stage !== stage) return false;
  if (outcome !== '' && one.outcome !== outcome) return false;
  const wanted = text.trim().toLowerCase();
  return [workflowId, name, target].some((field) => field.toLowerCase().includes(wanted));
}

/** By what a person should look at, then those that run, then the newest. */
function byUrgency(a: ListedExperiment, b: ListedExperiment): number {
  return urgency(a) - urgency(b) || lastChangeMs(b) - lastChangeMs(a) || (a.runId < b.runId ? -1 : 1);
}

function urgency({ attention, isClosed, outcome }: ListedExperiment): number {
  if (attention !== undefined) return attentions.indexOf(attention);
  return isClosed || outcome !== undefined ? attentions.length + 1 : attentions.length;
}

function lastChangeMs({ startedAtMs, closedAtMs }: ListedExperiment): number {
  return closedAtMs ?? startedAtMs;
}
