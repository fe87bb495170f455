import type { Calendar, Closure, Opening } from '../core/experiment/calendar.ts';
import { defined } from '../core/text/defined.ts';
import { cutText, limits } from '../core/text/limits.ts';
import { calendarConfigMap, calendarKey } from '../contract/calendar.ts';
import type { CalendarInput, CalendarReport } from '../contract/calendar.ts';
import type { InNamespace } from '../contract/in-namespace.ts';
import { answerWithin, readCallFailure } from '../temporal/grpc.ts';
import { hasType, innermostMessage } from './failures.ts';
import type { ActivityCluster } from './knative/cluster.ts';
import { readWithinLimits } from './read-within-limits.ts';

/** The cluster as the account of a namespace. */
type ClusterOf = (input: InNamespace) => Pick<ActivityCluster, 'readConfigMap'>;

/** How long what a namespace says is taken for what it says, ms: that is how late a freeze may be seen. */
const freshMs = 30_000;

/** A calendar that counts for an experiment. */
interface Source {
  /** Where it stands, as an addition to a reason; empty for the manifest's own. */
  readonly where: string;
  readonly calendar: Calendar;
}

/** What a namespace says: a calendar, none, or something that cannot be read, which holds everything. */
type NamespaceCalendar =
  | { readonly kind: 'none' }
  | { readonly kind: 'read'; readonly source: Source }
  | { readonly kind: 'unreadable'; readonly why: string };

/** The calendars of experiments: each manifest's own, and those of namespaces. */
export class Calendars {
  readonly #clusterOf: ClusterOf;
  readonly #known = new Map<string, { readonly atMs: number; readonly found: NamespaceCalendar }>();
  readonly #openings = new Map<string, { readonly atMs: number; readonly opening: Opening }>();

  constructor(clusterOf: ClusterOf) {
    this.#clusterOf = clusterOf;
  }

  /** What all calendars of an experiment together say now. */
  async ask(input: CalendarInput): Promise<CalendarReport> {
    const ofNamespace = await this.#ofNamespace(input);
    if (ofNamespace.kind === 'unreadable')
      return { hasCalendar: true, closed: { why: cutText(ofNamespace.why, limits.closureWhy) } };
    const sources = [
      ...(input.calendar === undefined ? [] : [{ where: '', calendar: input.calendar }]),
      ...(ofNamespace.kind === 'read' ? [ofNamespace.source] : []),
    ];
    const closures = await Promise.all(sources.map((source) => this.#closureBy(source)));
    const closed = joinClosures(closures.filter((closure) => closure !== undefined));
    return { hasCalendar: sources.length > 0, ...defined({ closed }) };
  }

  async #ofNamespace(input: InNamespace): Promise<NamespaceCalendar> {
    const { namespace } = input;
    const known = this.#known.get(namespace);
    if (known !== undefined && performance.now() - known.atMs < freshMs) return known.found;
    try {
      const found = await this.#read(input);
      this.#known.set(namespace, { atMs: performance.now(), found });
      return found;
    } catch (error) {
      // Whoever may not read it has none. What cannot be read now is what it was, or holds everything.
      if (hasType(error, 'Forbidden')) return { kind: 'none' };
      const why = `ConfigMap ${namespace}/${calendarConfigMap} cannot be read: ${innermostMessage(error)}`;
      return known?.found ?? { kind: 'unreadable', why };
    }
  }

  async #read(input: InNamespace): Promise<NamespaceCalendar> {
    const { namespace } = input;
    const text = (await this.#clusterOf(input).readConfigMap({ namespace, name: calendarConfigMap }))?.data?.[
      calendarKey
    ];
    if (text === undefined) return { kind: 'none' };
    const name = `ConfigMap ${namespace}/${calendarConfigMap}`;
    const unreadable = (why: string): NamespaceCalendar => ({ kind: 'unreadable', why: `${name}: ${why}` });
    try {
      const reading = await readWithinLimits(name, 'readCalendar', text);
      if (reading.kind === 'invalid') return unreadable(reading.problems.join('; '));
      return { kind: 'read', source: { where: ` (${name})`, calendar: reading.calendar } };
    } catch (error) {
      return unreadable(innermostMessage(error));
    }
  }

  async #closureBy({ where, calendar }: Source): Promise<Closure | undefined> {
    const { closure } = await this.#openingOf(calendar);
    return closure && { ...closure, why: cutText(`${closure.why}${where}`, limits.closureWhy) };
  }

  /** Rules are computed again only when what they say changes. */
  async #openingOf(calendar: Calendar): Promise<Opening> {
    const key = JSON.stringify(calendar);
    const nowMs = Date.now();
    const known = this.#openings.get(key);
    if (known !== undefined && isStillSo(known, nowMs)) return known.opening;
    const opening = await compute(calendar, nowMs);
    if (this.#openings.size >= mostKept) this.#openings.delete([...this.#openings.keys()][0] ?? '');
    this.#openings.set(key, { atMs: nowMs, opening });
    return opening;
  }
}

/** What the rules say; those that take too long, or are none, hold everything for a while. An observation does not wait longer. */
async function compute(calendar: Calendar, nowMs: number): Promise<Opening> {
  try {
    return await answerWithin(answerLimitMs, readWithinLimits('the calendar', 'findOpening', calendar, nowMs));
  } catch (error) {
    const isLate = readCallFailure(error)?.kind === 'late';
    const why = isLate ? `the calendar takes more than ${answerLimitMs / 1000} s to compute` : innermostMessage(error);
    return { closure: { why }, changesAtMs: nowMs + freshMs };
  }
}

const answerLimitMs = 5_000;

const mostKept = 1_000;

/** What has no end in sight is asked again after an hour. */
const sureMs = 3_600_000;

function isStillSo({ atMs, opening }: { readonly atMs: number; readonly opening: Opening }, nowMs: number): boolean {
  const { changesAtMs = atMs + sureMs } = opening;
  return nowMs >= atMs && nowMs < changesAtMs;
}

/** Closed by several calendars it is closed until the last of them opens. */
function joinClosures(closures: readonly Closure[]): Closure | undefined {
  if (closures.length === 0) return undefined;
  const ends = closures.map(({ untilMs }) => untilMs);
  const untilMs = ends.some((end) => end === undefined) ? undefined : Math.max(...ends.map((end = 0) => end));
  return { why: closures.map(({ why }) => why).join('; '), ...defined({ untilMs }) };
}
