import { elapsedSeconds } from '../measurements/placeholders.ts';
import { beta, seededRandom } from './random.ts';

/** A made-up metric of one version at one time. */
export interface MockedMetric {
  /** `namespace/name`; with the version and the time it determines the value. */
  readonly metric: string;
  readonly type: 'counter' | 'gauge';
  readonly version: string;
  readonly level: number;
  readonly elapsedMs: number;
}

/**
 * A made-up value, as iter8 made it: a counter has grown by its level each second; a gauge is around its level, and
 * closer to it with time: 2 × level × Beta(seconds, seconds).
 */
export function mockValue({ metric, type, version, level, elapsedMs }: MockedMetric): number {
  const seconds = elapsedSeconds(elapsedMs);
  switch (type) {
    case 'counter':
      return seconds * level;
    case 'gauge': {
      const random = seededRandom(hashText(`${metric} ${version} ${seconds}`));
      return 2 * level * beta(random, seconds, seconds);
    }
  }
}

/** FNV-1a, 32 bits (http://www.isthe.com/chongo/tech/comp/fnv/). */
function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}
