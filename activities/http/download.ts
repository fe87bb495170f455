import type { AllowedHosts } from './allowed-hosts.ts';
import { requestBytes } from './request-text.ts';
import { answerFailureType, failure } from '../failures.ts';

/** A file that a manifest names by its URL. */
export interface DownloadRequest extends AllowedHosts {
  readonly url: string;
  readonly limitBytes: number;
  readonly signal: AbortSignal;
}

/** Charts are often behind one redirect, of a release page to its storage. */
const mostRedirects = 5;

/** Of one answer. */
const limitMs = 30_000;

/**
 * Downloads a file over http or https; each address on the way is checked. Fails as `ChartUnavailable` for what may pass by itself,
 * as `HttpRefused` where there is no such file, and as `AddressNotAllowed`.
 */
export async function download({ url, ...request }: DownloadRequest): Promise<Buffer> {
  let place = url;
  for (let redirects = 0; redirects <= mostRedirects; redirects += 1) {
    const { status, bytes, headers } = await requestBytes({ ...request, url: place, method: 'GET', limitMs });
    const { location } = headers;
    const next = location === undefined || status < 300 || status >= 400 ? undefined : URL.parse(location, place);
    if (next === undefined) return requireFile(status, bytes, place);
    if (next === null) throw failure('HttpRefused', { message: `${withoutQuery(place)} redirects to no URL` });
    place = next.href;
  }
  throw failure('HttpRefused', { message: `${withoutQuery(url)} redirects more than ${mostRedirects} times` });
}

function requireFile(status: number, bytes: Buffer, url: string): Buffer {
  const type = answerFailureType(status);
  if (type === undefined) return bytes;
  throw failure(type, { message: `${withoutQuery(url)} answered ${status}` });
}

/** A URL for messages: its query and its user may be secret. */
function withoutQuery(url: string): string {
  const { origin, pathname } = URL.parse(url) ?? { origin: url, pathname: '' };
  return `${origin}${pathname}`;
}
