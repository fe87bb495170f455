import type { RequestKind } from '../core/planner/requests.ts';
import type { VerifiedPerson } from '../core/experiment/approvers.ts';
import { defined } from '../core/text/defined.ts';
import { buildRequest } from '../client/temporal/requests.ts';
import { CommandError } from '../client/errors.ts';
import type { ExperimentPage, ListedExperiment, ServerFacts } from './api.ts';
import { Forbidden } from './forbidden.ts';
import type { ExperimentVerb, People, Person } from './person.ts';
import type { Runs, SharedRuns } from './runs.ts';
import type { SignAct } from './sign-act.ts';

export interface PersonRunsOptions {
  readonly runs: SharedRuns;
  readonly people: Pick<People, 'mayDo'>;
  readonly sign: SignAct;
  readonly facts: Omit<ServerFacts, 'user'>;
  /** The name of who looks, for what the page shows at first. */
  readonly user: string;
  /** Who looks now. Fails once the token is not valid any more, so that a stream ends with it. */
  readonly identify: () => Promise<Person>;
}

/** The verb that a request needs. */
const verbs: Readonly<Record<RequestKind, ExperimentVerb>> = {
  abort: 'abort',
  approve: 'approve',
  reject: 'approve',
  pause: 'pause',
  resume: 'pause',
};

/** The experiments as a person may see and steer them: each read and each request is asked of Kubernetes. */
export function personRuns({ runs, people, sign, facts, user, identify }: PersonRunsOptions): Runs {
  /** Whoever may not see an experiment is not told where it is, or that it is. */
  const demand = async (verb: ExperimentVerb, shown: ExperimentPage): Promise<Person> => {
    const person = await identify();
    const namespace = shown.report?.namespace || (await runs.findNamespace(shown)) || anywhere;
    if (await people.mayDo(person, verb, namespace)) return person;
    if (verb !== 'get' && (await people.mayDo(person, 'get', namespace))) {
      throw new Forbidden(person.user, verb, namespace);
    }
    throw notSeen(shown.workflowId, person.user);
  };
  /** Fails alike for what is not there, what is no experiment, and what the person may not see. */
  const find = async (workflowId: string): Promise<ExperimentPage> => {
    try {
      return await firstPage(runs, workflowId);
    } catch (error) {
      throw asNotSeen(error, workflowId, user);
    }
  };
  const demandRead = async (workflowId: string): Promise<void> => {
    await demand('get', await find(workflowId));
  };
  const visible = async (rows: readonly ListedExperiment[]): Promise<readonly ListedExperiment[]> => {
    const person = await identify();
    const namespaces = [...new Set(rows.map(namespaceOfRow))];
    const allowed = await Promise.all(namespaces.map((namespace) => people.mayDo(person, 'get', namespace)));
    const seen = new Set(namespaces.filter((_, index) => allowed[index]));
    return rows.filter((row) => seen.has(namespaceOfRow(row)));
  };
  return {
    facts: { ...facts, user, isVerified: true },
    watchList: async function* (signal) {
      for await (const reading of runs.watchList(signal)) {
        yield { ...reading, experiments: await visible(reading.experiments) };
      }
    },
    watch: async function* (workflowId, signal) {
      try {
        for await (const shown of runs.watch(workflowId, signal)) {
          await demand('get', shown);
          yield shown;
        }
      } catch (error) {
        throw asNotSeen(error, workflowId, user);
      }
    },
    readRecord: async (workflowId) => {
      await demandRead(workflowId);
      return runs.readRecord(workflowId);
    },
    readRecorded: async (workflowId) => {
      await demandRead(workflowId);
      return runs.readRecorded(workflowId);
    },
    explain: async (workflowId, number) => {
      await demandRead(workflowId);
      return runs.explain(workflowId, number);
    },
    ask: async (ask) => {
      const shown = await find(ask.workflowId);
      const person = await demand(verbs[ask.request], shown);
      const { workflowId, request, firstRunId, reason } = ask;
      const act = { workflowId, firstRunId, request, person: relevant(person, request, shown), ...defined({ reason }) };
      const proof = await sign(act);
      return runs.ask(ask, { ...buildRequest({ by: person.user, ...defined({ reason }) }), proof });
    },
  };
}

/**
 * The person with the groups that the experiment asks for, as far as that is known: of others its history need not tell, and only approvals
 * ask for any.
 */
function relevant({ user, groups }: Person, request: RequestKind, { report }: ExperimentPage): VerifiedPerson {
  if (request !== 'approve') return { user, groups: [] };
  const gate = report?.awaitingApproval;
  const asked = gate === undefined ? groups : (gate.approvers?.groups ?? []);
  return { user, groups: groups.filter((group) => asked.includes(group)) };
}

async function firstPage(runs: SharedRuns, workflowId: string): Promise<ExperimentPage> {
  const ended = new AbortController();
  try {
    for await (const shown of runs.watch(workflowId, ended.signal)) return shown;
  } finally {
    ended.abort();
  }
  throw new CommandError('notFound', `there is no experiment ${workflowId}`);
}

/** What is not there is not told from what is not seen. */
function asNotSeen(error: unknown, workflowId: string, user: string): unknown {
  return error instanceof CommandError && error.kind === 'notFound' ? notSeen(workflowId, user) : error;
}

function notSeen(workflowId: string, user: string): CommandError {
  return new CommandError('notFound', `there is no experiment ${workflowId} that ${user} may see`);
}

/** Where nothing says in which namespace an experiment is, it takes the rights in all of them. */
const anywhere = '';

/** The target may be in another namespace than the experiment. */
function namespaceOfRow({ name }: ListedExperiment): string {
  return name?.split('/')[0] ?? anywhere;
}
