import { parseDuration } from '../../../core/text/duration.ts';
import { parsed } from '../../document/fields.ts';
import { parseQuantity } from '../../document/quantity.ts';
import { exact, parsePercent } from '../../document/share.ts';

/** A year: more than any experiment needs, and within what Temporal's timers hold. */
const longestMs = 8_760 * 3_600_000;

/** A duration: `90s`, `10m`, `1h30m`; in milliseconds. */
export const durationField = parsed(
  'a duration such as 90s, 10m or 1h30m, at most 8760h',
  (value) => {
    const ms = typeof value === 'string' ? parseDuration(value) : undefined;
    return ms === undefined || ms <= 0 || ms > longestMs ? undefined : ms;
  },
  // Without a lookahead, which Kubernetes does not know.
  { type: 'string', pattern: String.raw`^(\d+h(\d+m)?(\d+s)?(\d+ms)?|\d+m(\d+s)?(\d+ms)?|\d+s(\d+ms)?|\d+ms)$` },
);

/** A share of the traffic: `20%` or `20`; in whole percents, from 1. */
export const trafficPercent = parsed(
  'a whole percent of the traffic, from 1% to 100%',
  (value) => {
    const percent = typeof value === 'number' ? value : parsePercent(value);
    return percent !== undefined && Number.isInteger(percent) && percent >= 1 && percent <= 100 ? percent : undefined;
  },
  {
    anyOf: [
      { type: 'string', pattern: String.raw`^\s*0{0,6}([1-9]\d?|100)(\.0{1,9})? ?%\s*$` },
      { type: 'integer', minimum: 1, maximum: 100 },
    ],
  },
);

/**
 * A limit as it is written; the metric decides which kind fits. A percent is held as a share, a duration in milliseconds.
 */
export type Limit =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'percent'; readonly value: number }
  | { readonly kind: 'duration'; readonly value: number };

/** A limit: `1%`, `100ms`, `0.01`, `50` or a quantity such as `10m`. */
export const limitField = parsed(
  'a limit such as 1%, 100ms, 0.01 or 50',
  (value): Limit | undefined => {
    const percent = parsePercent(value);
    if (percent !== undefined) return { kind: 'percent', value: exact(percent / 100) };
    const ms = typeof value === 'string' && /(ms|s)$/.test(value) ? decimalDuration(value) : undefined;
    if (ms !== undefined) return { kind: 'duration', value: ms };
    const number = parseQuantity(value);
    return number === undefined ? undefined : { kind: 'number', value: number };
  },
  { type: ['string', 'number'] },
);

/** Reads a duration that may be a fraction, as latencies often are: `0.5s`, `2.5ms`; in milliseconds. */
function decimalDuration(text: string): number | undefined {
  const [, number, unit] = /^(\d{1,9}(?:\.\d{1,9})?)(ms|s)$/.exec(text) ?? [];
  return number === undefined ? undefined : exact(Number(number) * (unit === 's' ? 1000 : 1));
}
