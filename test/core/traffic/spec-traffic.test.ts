import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TrafficEntry } from '../../../core/traffic/target.ts';
import {
  followLatestTraffic,
  percentsByRevision,
  pinTraffic,
  servesShares,
} from '../../../core/traffic/spec-traffic.ts';

const shares = (candidate: number) => [
  { revision: 'app-v1', percent: 100 - candidate },
  { revision: 'app-v2', percent: candidate },
];

const everything = () => true;

describe('pinTraffic', () => {
  test('pins both versions by name and keeps their tags, also of an entry that followed the latest revision', () => {
    const present = [
      { tag: 'current', revisionName: 'app-v1', percent: 100 },
      { tag: 'candidate', latestRevision: true, percent: 0 },
    ];
    expect(pinTraffic({ present, latestReadyRevision: 'app-v2', isRoutable: everything, shares: shares(10) })).toEqual([
      { tag: 'current', revisionName: 'app-v1', percent: 90 },
      { tag: 'candidate', revisionName: 'app-v2', percent: 10 },
    ]);
  });

  test('adds the versions that have no entry', () => {
    expect(pinTraffic({ present: [], isRoutable: everything, shares: shares(0) })).toEqual([
      { revisionName: 'app-v1', percent: 100 },
      { revisionName: 'app-v2', percent: 0 },
    ]);
  });

  test('keeps other revisions at 0 %, and a tag that follows another latest revision', () => {
    const present = [
      { revisionName: 'app-v1', percent: 60 },
      { revisionName: 'app-v0', tag: 'old', percent: 40 },
      { latestRevision: true, tag: 'next', percent: 0 },
    ];
    expect(pinTraffic({ present, latestReadyRevision: 'app-v3', isRoutable: everything, shares: shares(25) })).toEqual([
      { revisionName: 'app-v1', percent: 75 },
      { revisionName: 'app-v0', tag: 'old', percent: 0 },
      { latestRevision: true, tag: 'next', percent: 0 },
      { revisionName: 'app-v2', percent: 25 },
    ]);
  });

  test('drops entries of revisions that Knative cannot route to, the candidate included', () => {
    const present = [
      { revisionName: 'app-v1', percent: 90 },
      { revisionName: 'app-v2', tag: 'candidate', percent: 10 },
      { revisionName: 'app-v0', percent: 0 },
    ];
    const isRoutable = (revision: string) => revision === 'app-v1';
    expect(pinTraffic({ present, isRoutable, shares: shares(0) })).toEqual([{ revisionName: 'app-v1', percent: 100 }]);
  });

  test('pins a version with a share also while Knative cannot route to it', () => {
    const present = [{ revisionName: 'app-v1', tag: 'current', percent: 90 }];
    expect(pinTraffic({ present, isRoutable: () => false, shares: shares(0) })).toEqual([
      { revisionName: 'app-v1', tag: 'current', percent: 100 },
    ]);
  });

  test('gives the share to one entry of a revision that has several tags', () => {
    const present = [
      { revisionName: 'app-v1', tag: 'current', percent: 50 },
      { revisionName: 'app-v1', tag: 'stable', percent: 50 },
      { revisionName: 'app-v1', percent: 0 },
    ];
    expect(pinTraffic({ present, isRoutable: everything, shares: shares(30) })).toEqual([
      { revisionName: 'app-v1', tag: 'current', percent: 70 },
      { revisionName: 'app-v1', tag: 'stable', percent: 0 },
      { revisionName: 'app-v2', percent: 30 },
    ]);
  });

  test('refuses shares that do not sum to 100', () => {
    const wrong = [{ revision: 'app-v1', percent: 99 }];
    expect(() => pinTraffic({ present: [], isRoutable: everything, shares: wrong })).toThrow(
      'percents of traffic must be whole and sum to 100: app-v1 99 %',
    );
  });

  test('is whole, pinned, keeps every tag of what is routable, and is stable, whatever was there before', () => {
    fc.assert(
      fc.property(
        anyTraffic,
        fc.integer({ min: 0, max: 100 }),
        fc.constantFrom(...revisions),
        (present, weight, latest) => {
          const gone = 'app-v9';
          const isRoutable = (revision: string) => revision !== gone;
          const input = { latestReadyRevision: latest, isRoutable, shares: shares(weight) };
          const next = pinTraffic({ ...input, present });
          expect(next.reduce((sum, { percent }) => sum + (percent ?? 0), 0)).toBe(100);
          expect(servesShares(next, shares(weight))).toBe(true);
          expect(next.some(({ revisionName }) => revisionName === gone)).toBe(false);
          const reaches = (entry: TrafficEntry) => (entry.latestRevision === true ? latest : entry.revisionName);
          const entries: readonly TrafficEntry[] = present;
          const kept = entries.filter((entry) => reaches(entry) !== gone).flatMap(({ tag }) => tag ?? []);
          expect(new Set(next.flatMap(({ tag }) => tag ?? []))).toEqual(new Set(kept));
          expect(next.filter((e) => e.latestRevision === true && ['app-v1', 'app-v2'].includes(latest))).toEqual([]);
          expect(pinTraffic({ ...input, present: next })).toEqual(next);
        },
      ),
    );
  });
});

const revisions = ['app-v0', 'app-v1', 'app-v2', 'app-v3', 'app-v9'] as const;
const anyTraffic = fc.uniqueArray(
  fc.oneof(
    fc.record({ revisionName: fc.constantFrom(...revisions), tag: fc.constantFrom('a', 'b', 'c') }),
    fc.record({ revisionName: fc.constantFrom(...revisions), percent: fc.integer({ min: 0, max: 100 }) }),
    fc.record({ latestRevision: fc.constant(true), tag: fc.constantFrom('d', 'e') }),
    fc.record({ latestRevision: fc.constant(true), percent: fc.integer({ min: 0, max: 100 }) }),
  ),
  { selector: (entry) => ('tag' in entry ? entry.tag : JSON.stringify(entry)), maxLength: 8 },
);

describe('followLatestTraffic', () => {
  test('follows the latest revision first, with the tags pinned behind it', () => {
    const present = [
      { tag: 'current', revisionName: 'app-v1', percent: 0 },
      { tag: 'candidate', revisionName: 'app-v2', percent: 100 },
      { revisionName: 'app-v0', percent: 0 },
    ];
    const next = followLatestTraffic({ present, isRoutable: everything, winner: 'app-v2' });
    expect(next).toEqual([
      { latestRevision: true, percent: 100 },
      { tag: 'current', revisionName: 'app-v1', percent: 0 },
      { tag: 'candidate', revisionName: 'app-v2', percent: 0 },
    ]);
    expect(percentsByRevision(next, 'app-v2')).toEqual(new Map([['app-v2', 100]]));
  });

  test('keeps the tags when it is written twice', () => {
    const input = { isRoutable: everything, winner: 'app-v2', latestReadyRevision: 'app-v2' };
    const once = followLatestTraffic({ ...input, present: [{ tag: 'current', revisionName: 'app-v1', percent: 0 }] });
    expect(followLatestTraffic({ ...input, present: once })).toEqual(once);
  });
});

describe('servesShares', () => {
  test('adds up the entries of a revision and ignores those at 0 %', () => {
    const traffic = [
      { revisionName: 'app-v1', percent: 40 },
      { revisionName: 'app-v1', tag: 'current', percent: 50 },
      { revisionName: 'app-v2', percent: 10 },
      { revisionName: 'app-v0', percent: 0 },
    ];
    expect(servesShares(traffic, shares(10))).toBe(true);
    expect(servesShares(traffic, shares(11))).toBe(false);
  });

  test('sees traffic that goes elsewhere', () => {
    const traffic = [
      { revisionName: 'app-v1', percent: 90 },
      { revisionName: 'app-v0', percent: 10 },
    ];
    expect(servesShares(traffic, shares(0))).toBe(false);
    expect(servesShares(traffic, shares(10))).toBe(false);
  });
});
