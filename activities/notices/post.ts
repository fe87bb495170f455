import { parseJson } from '../../core/text/json.ts';
import { answerFailureType, hasType, innermostMessage } from '../failures.ts';
import { requestBytes } from '../http/request-text.ts';
import { deliveryLimitMs } from './channel.ts';
import type { Place, Sending } from './channel.ts';

/** A request to a receiver, with a JSON body. */
export interface Post extends Place {
  /** How messages name the receiver's server: `Slack`. */
  readonly what: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: object;
}

export type Posted =
  | { readonly kind: 'answered'; readonly text: string; readonly json: unknown }
  | Exclude<Sending, { kind: 'delivered' }>;

/** Posts to a receiver; every answer other than 2xx, and none, is told as what it means for the notice. */
export async function post({ what, url, headers, body, signal, show, ...allowed }: Post): Promise<Posted> {
  try {
    const request = { method: 'POST', url, headers: { 'content-type': jsonType, ...headers } } as const;
    const limits = { limitMs: deliveryLimitMs, limitBytes: 1_000_000, signal };
    const answer = await requestBytes({ ...request, ...limits, body: JSON.stringify(body), ...allowed });
    const text = answer.bytes.toString('utf8');
    const why = show(`${what} answered ${answer.status}${text.trim() === '' ? '' : `: ${text.trim()}`}`);
    switch (answerFailureType(answer.status)) {
      case undefined:
        return { kind: 'answered', text, json: parseJson(text) };
      case 'HttpRefused':
        return { kind: 'refused', why };
      case 'HttpUnavailable':
        return failed(why, answer.headers['retry-after']);
    }
  } catch (error) {
    signal.throwIfAborted();
    const why = show(innermostMessage(error));
    return hasType(error, 'AddressNotAllowed', 'HttpRefused') ? { kind: 'refused', why } : { kind: 'failed', why };
  }
}

const jsonType = 'application/json; charset=utf-8';

/** A failure that may pass, and when the receiver wants to be asked again: `Retry-After` in seconds or as a date. */
export function failed(why: string, retryAfter?: string): Sending & { readonly kind: 'failed' } {
  if (retryAfter === undefined) return { kind: 'failed', why };
  const seconds = Number(retryAfter);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(retryAfter) - Date.now();
  return Number.isFinite(ms) && ms > 0 ? { kind: 'failed', why, retryAfterMs: ms } : { kind: 'failed', why };
}
