import type { Context } from 'hono';
import { getConnInfo } from '@hono/node-server/conninfo';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import type { Access, AccessEnv } from './access.ts';
import { NotLoggedIn } from './forbidden.ts';
import { loginPage } from './login-page.ts';
import type { People, Person } from './person.ts';
import { sessionSeconds } from './session.ts';
import type { Sessions } from './session.ts';

export interface TokenAccessOptions {
  readonly people: Pick<People, 'identify'>;
  readonly sessions: Sessions;
  /** Whether browsers reach the server by TLS. */
  readonly isSecure: boolean;
  /** The address of the page's style sheet. */
  readonly styleSheet: string;
}

/** The most failed attempts of one address in a minute. */
const failuresInMinute = 20;

/** Browsers keep no longer cookie. */
const mostCookieCharacters = 3_900;

/**
 * Lets people in by their Kubernetes token: in a header, as programs and proxies send it, or from a form, which makes a cookie of it that only this
 * server can read.
 */
export function tokenAccess({ people, sessions, isSecure, styleSheet }: TokenAccessOptions): Access {
  const failures = new RateLimiterMemory({ points: failuresInMinute, duration: 60 });
  // With its prefix no other host, and no page without TLS, can set it.
  const cookieName = isSecure ? '__Host-serin' : 'serin';
  const form = (context: Context, { problem = '', status = 200, next = '/' }: Form): Response | Promise<Response> =>
    context.html(loginPage({ problem, next, styleSheet }), status);

  const readCookie = async (context: Context): Promise<string | undefined> => {
    const cookie = getCookie(context, cookieName);
    return cookie === undefined ? undefined : sessions.open(cookie);
  };

  const logIn = async (context: Context): Promise<Response> => {
    const { token, next: asked } = await context.req.parseBody();
    const next = ownPath(asked);
    const given = typeof token === 'string' ? token.trim() : '';
    const person = given === '' ? undefined : await people.identify(given);
    if (person === undefined) {
      if (await isTooMany(failures, context))
        return form(context, { problem: 'Too many attempts: try again in a minute.', status: 429, next });
      return form(context, { problem: 'Kubernetes does not know this token, or not any more.', status: 401, next });
    }
    const session = await sessions.seal(given);
    if (session.length > mostCookieCharacters) {
      const problem = 'This token is too long for a cookie: take one of a service account, or let a proxy send it.';
      return form(context, { problem, status: 413, next });
    }
    setCookie(context, cookieName, session, cookieOptions);
    return context.redirect(next, 303);
  };

  const cookieOptions = {
    httpOnly: true,
    // A link in a message leads to the page of who has logged in.
    sameSite: 'Lax',
    path: '/',
    secure: isSecure,
    maxAge: sessionSeconds,
  } as const;

  return {
    hasForm: true,
    logIn: async (context) => {
      if (context.req.path === '/logout') {
        deleteCookie(context, cookieName, { path: '/', secure: isSecure });
        return context.redirect('/login', 303);
      }
      if (context.req.method !== 'POST') return form(context, { next: ownPath(context.req.query('next')) });
      return logIn(context);
    },
    require: async (context, next) => {
      const given = readBearer(context);
      const token = given ?? (await readCookie(context));
      if (token === undefined) return turnAway(context, 'not logged in');
      const identify = async (): Promise<Person> => {
        const person = await people.identify(token);
        if (person === undefined) throw new NotLoggedIn('Kubernetes does not know this token, or not any more');
        return person;
      };
      try {
        context.set('person', await identify());
      } catch (error) {
        if (!(error instanceof NotLoggedIn)) throw error;
        // An old cookie is no guess.
        if (given !== undefined && (await isTooMany(failures, context))) {
          return context.json({ kind: 'notLoggedIn', message: 'too many attempts: try again in a minute' }, 429);
        }
        return turnAway(context, error.message);
      }
      context.set('identify', identify);
      return next();
    },
  };
}

function readBearer(context: Context): string | undefined {
  return /^Bearer (\S+)$/i.exec(context.req.header('authorization') ?? '')?.[1];
}

interface Form {
  readonly problem?: string;
  readonly status?: 200 | 401 | 413 | 429;
  /** Where to go afterwards. */
  readonly next?: string;
}

/** Counts a failed attempt, and tells whether there were too many. A valid token is let in whoever else guesses at the same address. */
async function isTooMany(failures: RateLimiterMemory, context: Context): Promise<boolean> {
  return failures.consume(readAddress(context)).then(
    () => false,
    () => true,
  );
}

/** Who is at the other end: a proxy, where there is one, since what it says of others may be made up. */
function readAddress(context: Context): string {
  try {
    return getConnInfo(context).remote.address ?? 'unknown';
  } catch {
    // Without a connection, as in a test.
    return 'unknown';
  }
}

/** A program is told; a person is led to the form. */
function turnAway(context: Context<AccessEnv>, message: string): Response {
  const { path, method } = context.req;
  if (path.startsWith('/api/') || method !== 'GET') {
    return context.json({ kind: 'notLoggedIn', message: `${message}; log in at /login` }, 401) as Response;
  }
  const { pathname, search } = new URL(context.req.url);
  return context.redirect(`/login?next=${encodeURIComponent(`${pathname}${search}`)}`, 303);
}

/** Where to go after the login: a place of this page only. */
function ownPath(asked: unknown): string {
  const here = 'http://page.invalid';
  const url = typeof asked === 'string' ? URL.parse(asked, here) : null;
  const path = url?.origin === here ? `${url.pathname}${url.search}${url.hash}` : '/';
  // `/.//host` is a path that reads as a host.
  return path.startsWith('//') ? '/' : path;
}
