import { isLoopback } from '../../core/text/loopback.ts';
import { createHash } from 'node:crypto';
import { parseJson, readField } from '../../core/text/json.ts';
import { answerFailureType, failure } from '../failures.ts';

/** A request of a registry, and what it answers with any status; a redirect is an answer too. */
export interface RegistryRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly limitBytes: number;
}

export interface RegistryAnswer {
  readonly status: number;
  readonly bytes: Buffer;
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

interface ReadOptions {
  readonly accept: string;
  readonly limitBytes: number;
}

export interface RegistryAccess {
  /** Asks only addresses that manifests may ask. */
  readonly ask: (request: RegistryRequest) => Promise<RegistryAnswer>;
  /** The worker's login at a registry, `user:password` in base64; undefined where it has none. */
  readonly findLogin: (host: string) => Promise<string | undefined>;
}

/** The answer of a token server is JSON of a few KiB. */
const tokenBytes = 64 * 1024;

/** A registry gives about a hundred tags a page, a few a thousand. */
const mostPages = 100;

/** Blobs are often kept elsewhere, behind one redirect. */
const mostRedirects = 5;

/**
 * Reads from one registry (OCI distribution specification 1.1), with the worker's login or anonymously. helm is not asked to: it
 * would follow redirects and token servers to any address.
 */
export class OciRegistry {
  readonly #access: RegistryAccess;
  readonly #host: string;
  readonly #origin: string;
  #authorization: string | undefined;

  /** @param host `host` or `host:port`. */
  constructor(access: RegistryAccess, host: string) {
    this.#access = access;
    this.#host = host;
    // As helm does: TLS, but on the own machine, where a platform must have opened it.
    this.#origin = `${isLoopback(host) ? 'http' : 'https'}://${host}`;
  }

  /**
   * The bytes at a path below `/v2/`. Fails as `HttpUnavailable` for what may pass by itself, as `HttpRefused` for what is not there or
   * not given, and as `AddressNotAllowed`.
   */
  async read(path: string, options: ReadOptions): Promise<Buffer> {
    return (await this.#get(`${this.#origin}/v2/${path}`, options)).bytes;
  }

  /** As `read`, for content that its digest names. */
  async readByDigest(path: string, digest: string, options: ReadOptions): Promise<Buffer> {
    const bytes = await this.read(path, options);
    const found = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    if (found === digest) return bytes;
    throw failure('HttpRefused', { message: `${this.#origin}/v2/${path} has digest ${found}, not ${digest}` });
  }

  /** All tags at a path, page by page. */
  async listTags(path: string, limitBytes: number): Promise<readonly string[]> {
    const tags: string[] = [];
    let next: string | undefined = `${this.#origin}/v2/${path}/tags/list`;
    for (let pages = 0; next !== undefined && pages < mostPages; pages += 1) {
      const { bytes, headers } = await this.#get(next, { accept: 'application/json', limitBytes });
      const page = readField(parseJson(bytes.toString('utf8')), 'tags');
      tags.push(...(Array.isArray(page) ? page : []).filter((tag) => typeof tag === 'string'));
      next = nextPage(headers['link'], next);
    }
    return tags;
  }

  /** A successful answer, after a login where one is asked for. */
  async #get(url: string, { accept, limitBytes }: ReadOptions): Promise<RegistryAnswer> {
    const ask = async (): Promise<FollowedAnswer> =>
      this.#follow(url, { Accept: accept, ...this.#credentials() }, limitBytes);
    const first = await ask();
    const challenge = first.headers['www-authenticate'];
    // A server to which it redirects may ask for no login: it would be given the registry's.
    if (first.status !== 401 || challenge === undefined || !first.isOwn) return requireSuccessful(first, url);
    this.#authorization = await this.#authorize(challenge);
    return requireSuccessful(await ask(), url);
  }

  #credentials(): Readonly<Record<string, string>> {
    return this.#authorization === undefined ? {} : { Authorization: this.#authorization };
  }

  /** Follows redirects; what the registry was told of the worker is told to it alone. */
  async #follow(url: string, headers: Readonly<Record<string, string>>, limitBytes: number): Promise<FollowedAnswer> {
    let place = url;
    for (let redirects = 0; redirects <= mostRedirects; redirects += 1) {
      const { Authorization: _, ...others } = headers;
      const isOwn = new URL(place).origin === new URL(url).origin;
      const answer = await this.#access.ask({ url: place, headers: isOwn ? headers : others, limitBytes });
      const next =
        answer.status >= 300 && answer.status < 400 ? URL.parse(answer.headers['location'] ?? '', place) : null;
      if (next === null) return { ...answer, isOwn };
      place = next.href;
    }
    throw failure('HttpRefused', { message: `${url} redirects more than ${mostRedirects} times` });
  }

  /** The header that answers a challenge: the login itself, or the token that a server gives for it. */
  async #authorize(challenge: string): Promise<string> {
    const login = await this.#access.findLogin(this.#host);
    const basic = login === undefined ? undefined : `Basic ${login}`;
    const { scheme, parameters } = readChallenge(challenge);
    const realm = URL.parse(parameters['realm'] ?? '');
    if (scheme === 'bearer' && realm !== null)
      return this.#fetchToken(realm, parameters, isSafe(realm) ? basic : undefined);
    if (scheme === 'basic' && basic !== undefined) return basic;
    const remedy = 'give the worker a login (HELM_REGISTRY_CONFIG)';
    throw failure('HttpRefused', { message: `registry ${this.#host} wants a login: ${remedy}` });
  }

  async #fetchToken(
    realm: URL,
    { service, scope }: Readonly<Record<string, string>>,
    basic: string | undefined,
  ): Promise<string> {
    if (service !== undefined) realm.searchParams.set('service', service);
    if (scope !== undefined) realm.searchParams.set('scope', scope);
    const headers = basic === undefined ? {} : { Authorization: basic };
    const answer = await this.#access.ask({ url: realm.href, headers, limitBytes: tokenBytes });
    const said = parseJson(requireSuccessful(answer, realm.origin).bytes.toString('utf8'));
    const token = readField(said, 'token') ?? readField(said, 'access_token');
    if (typeof token === 'string') return `Bearer ${token}`;
    throw failure('HttpRefused', { message: `${realm.origin} gave no token for registry ${this.#host}` });
  }
}

/** An answer, perhaps after redirects; `isOwn`: it is of the server that was asked. */
interface FollowedAnswer extends RegistryAnswer {
  readonly isOwn: boolean;
}

/** Whether a login may be sent there: by TLS, or to the own machine. */
function isSafe({ protocol, host }: URL): boolean {
  return protocol === 'https:' || isLoopback(host);
}

function requireSuccessful(answer: RegistryAnswer, url: string): RegistryAnswer {
  const type = answerFailureType(answer.status);
  if (type === undefined) return answer;
  throw failure(type, { message: `${url} answered ${answer.status}` });
}

/** The URL of the next page in a header such as `</v2/charts/app/tags/list?last=1.0.0>; rel="next"`, on the same server. */
function nextPage(link: string | undefined, url: string): string | undefined {
  const [, reference] = /^<([^>]*)>;\s*rel="?next"?/.exec(link ?? '') ?? [];
  const next = reference === undefined ? null : URL.parse(reference, url);
  return next?.origin === new URL(url).origin ? next.href : undefined;
}

/** Reads `Bearer realm="https://auth.example/token",service="registry",scope="…"` (RFC 9110, 11.6.1). */
function readChallenge(challenge: string): {
  readonly scheme: string;
  readonly parameters: Readonly<Record<string, string>>;
} {
  const [, scheme = '', rest = ''] = /^\s*(\w+)\s*(.*)$/s.exec(challenge) ?? [];
  const pairs = [...rest.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name.toLowerCase(), value]);
  return { scheme: scheme.toLowerCase(), parameters: Object.fromEntries(pairs) };
}
