import * as messages from '../../contract/messages.ts';
import type { Report } from '../../core/report/report.ts';
import { worldFailure, withCandidate } from '../support/fake-world.ts';
import type { FakeWorld } from '../support/fake-world.ts';
import type { ExperimentHandle } from '../support/workflow-environment.ts';
import { busyWorld, usualExperiment } from './worlds.ts';

/** A state in which the page is shown: how an experiment gets there. */
export interface PageState {
  readonly world: () => FakeWorld;
  /** Whether the experiment is there; absent for the states that it ends in. */
  readonly until?: (report: Report) => boolean;
  /** What people ask once it is there, and when that has been done. */
  readonly steer?: {
    readonly ask: (handle: ExperimentHandle) => Promise<unknown>;
    readonly until: (report: Report) => boolean;
  };
}

const by = (name: string, reason: string) => ({ by: name, reason });

const candidates = (...names: readonly string[]) =>
  names.map((name, index) => ({
    name,
    revision: `checkout-${String(42 + index).padStart(5, '0')}`,
    variables: { promote: name },
  }));

/** The states by their names, as they are listed in the demonstration. */
export const pageStates: Readonly<Record<string, PageState>> = {
  waiting: {
    world: () =>
      busyWorld(
        usualExperiment({ name: 'checkout-hotfix' }),
        {},
        {
          acquire: () => ({
            kind: 'held',
            by: {
              temporalAddress: 'temporal.temporal:7233',
              temporalNamespace: 'delivery',
              workflowId: 'experiment/shop/checkout',
              firstRunId: 'another',
            },
            why: 'experiment experiment/shop/checkout is running',
          }),
        },
      ),
    until: ({ waitingFor }) => waitingFor !== undefined,
  },
  undecided: {
    world: () => busyWorld(usualExperiment({ name: 'search', target: { namespace: 'shop', name: 'search' } })),
    until: ({ completedIterations }) => completedIterations === 3,
  },
  climbing: {
    world: () =>
      busyWorld(
        usualExperiment({
          name: 'cart',
          target: { namespace: 'shop', name: 'cart' },
          iterations: 60,
          weights: { maxCandidateWeight: 80, maxCandidateWeightIncrement: 2 },
        }),
        { seed: 7, requestsPerSecond: 12, answers: () => ({ errorRate: 0.004, medianMs: 24 }) },
      ),
    until: ({ completedIterations }) => completedIterations === 58,
  },
  blind: {
    world: () => {
      const experiment = usualExperiment({
        name: 'prices',
        target: { namespace: 'shop', name: 'prices' },
        blindLimitMs: 900_000,
      });
      const world = busyWorld(experiment, { seed: 3 });
      const { queryMetrics } = world.activities;
      return Object.assign(world, {
        activities: {
          ...world.activities,
          queryMetrics: async (...input: Parameters<typeof queryMetrics>) => {
            const observation = await queryMetrics(...input);
            if (world.observations < 6) return observation;
            const reason = 'Prometheus at http://prometheus.monitoring:9090 does not answer: connect ECONNREFUSED';
            return { ...observation, measurement: { kind: 'blind' as const, reason } };
          },
        },
      });
    },
    until: ({ blind }) => blind !== undefined,
  },
  suspect: {
    world: () =>
      busyWorld(usualExperiment({ name: 'payments', target: { namespace: 'shop', name: 'payments' } }), {
        seed: 5,
        requestsPerSecond: 8,
        answers: (n) => ({ errorRate: n > 3 ? 0.02 : 0.001, medianMs: 22 }),
      }),
    until: ({ judged, completedIterations }) => completedIterations > 4 && judged.some(({ suspect }) => suspect),
  },
  gate: {
    world: () =>
      busyWorld(
        usualExperiment({
          name: 'accounts',
          target: { namespace: 'shop', name: 'accounts' },
          approval: 'required',
          iterations: 12,
        }),
        { seed: 11, requestsPerSecond: 120 },
      ),
    until: ({ awaitingApproval }) => awaitingApproval !== undefined,
  },
  paused: {
    world: () =>
      busyWorld(usualExperiment({ name: 'stock', target: { namespace: 'shop', name: 'stock' } }), { seed: 13 }),
    until: ({ completedIterations }) => completedIterations === 5,
    steer: {
      ask: (handle) => handle.signal(messages.pauseSignal, by('alice', 'the load test runs until noon')),
      until: ({ paused, completedIterations }) => paused !== undefined && completedIterations >= 5,
    },
  },
  closed: {
    world: () =>
      busyWorld(
        usualExperiment({ name: 'tickets', target: { namespace: 'shop', name: 'tickets' } }),
        { seed: 29 },
        { calendar: (n) => (n > 4 ? { why: 'Christmas', untilMs: Date.UTC(2027, 0, 4, 7) } : undefined) },
      ),
    until: ({ closed, history }) => closed !== undefined && history.length >= 7,
  },
  'many-versions': {
    world: () =>
      busyWorld(
        usualExperiment({
          name: 'recommendations',
          target: { namespace: 'shop', name: 'recommendations' },
          testingPattern: 'A/B/N',
          reward: { metric: 'mean-latency', preferredDirection: 'Low' },
          candidates: candidates('green', 'amber', 'violet', 'teal'),
          weights: { maxCandidateWeight: 20, maxCandidateWeightIncrement: 5 },
        }),
        {
          seed: 17,
          requestsPerSecond: 80,
          answers: (_n, candidate) => ({
            errorRate: candidate === 1 ? 0.09 : 0.001,
            medianMs: [16, 18, 21, 14][candidate] ?? 18,
          }),
        },
      ),
    until: ({ judged, completedIterations }) => completedIterations >= 9 && judged.some(({ out }) => out !== undefined),
  },
  conformance: {
    world: () =>
      busyWorld(
        usualExperiment({
          name: 'search-conformance',
          target: { namespace: 'shop', name: 'search' },
          testingPattern: 'Conformance',
          candidates: [],
          finish: [],
          iterations: 12,
        }),
        { seed: 19 },
      ),
    until: ({ completedIterations }) => completedIterations === 8,
  },
  promoted: {
    world: () =>
      busyWorld(
        usualExperiment({ name: 'shipping', target: { namespace: 'shop', name: 'shipping' }, iterations: 12 }),
        { seed: 23, requestsPerSecond: 120 },
      ),
  },
  'rolled-back': {
    world: () =>
      busyWorld(usualExperiment({ name: 'reviews', target: { namespace: 'shop', name: 'reviews' } }), {
        seed: 29,
        answers: (n) => ({ errorRate: n > 6 ? 0.14 : 0.001, medianMs: n > 6 ? 60 : 18 }),
      }),
  },
  drift: {
    world: () =>
      busyWorld(
        usualExperiment({ name: 'invoices', target: { namespace: 'shop', name: 'invoices' } }),
        { seed: 31 },
        {
          target: (n, written) => (n < 5 ? written : withCandidate(written, { kind: 'gone' })),
        },
      ),
  },
  'failed-check': {
    world: () =>
      busyWorld(
        usualExperiment({ name: 'vouchers', target: { namespace: 'shop', name: 'vouchers' } }),
        {},
        {
          onPreflight: () => {
            throw worldFailure(
              'PreflightFailed',
              'revision checkout-00042 is not ready: its image registry.example.com/shop/checkout:2.1 cannot be pulled',
            );
          },
        },
      ),
  },
  aborted: {
    world: () =>
      busyWorld(usualExperiment({ name: 'wishlist', target: { namespace: 'shop', name: 'wishlist' } }), { seed: 37 }),
    until: ({ completedIterations }) => completedIterations === 6,
    steer: {
      ask: (handle) => handle.signal(messages.abortSignal, by('bob', 'support reports empty wish lists')),
      until: ({ outcome }) => outcome !== undefined,
    },
  },
};
