import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import type { Person } from './person.ts';

/** What a request says of who makes it, for those that follow. */
export interface AccessEnv {
  readonly Variables: {
    /** Who has logged in, where people have names: asked anew each time, so that it fails once somebody is not any more. */
    readonly identify?: () => Promise<Person>;
    readonly person?: Person;
  };
}

/** Lets people in. */
export interface Access {
  /** Whether people log in by a form, which has the style of the page. */
  readonly hasForm: boolean;
  /** Answers `/login`, and other addresses that nobody needs to have logged in for. */
  readonly logIn: MiddlewareHandler<AccessEnv>;
  /** Refuses whoever has not logged in. */
  readonly require: MiddlewareHandler<AccessEnv>;
}

/** Lets one person in: whoever has the token, once. What follows is known by a cookie. */
export interface OneTimeAccess extends Access {
  /** Opens the page once: a second use is refused, so that an address that was seen by others is of no use to them. */
  readonly token: string;
}

/** Access to a server on loopback, for the person who has started it. */
export function oneTimeAccess(): OneTimeAccess {
  const [token, session] = [randomSecret(), randomSecret()];
  // A browser has one set of cookies for all ports of a host.
  const cookieName = `serin-${randomSecret().slice(0, 8)}`;
  let isUsed = false;
  return {
    hasForm: false,
    token,
    logIn: async (context) => {
      const given = context.req.query('token') ?? '';
      if (isUsed || !areEqual(given, token)) return context.text(`this address has been used; ${howToLogIn}`, 401);
      isUsed = true;
      setCookie(context, cookieName, session, { httpOnly: true, sameSite: 'Strict', path: '/' });
      // A redirection would not have the cookie: the request comes from another site, the one with the address on it.
      return context.html(entrance);
    },
    require: async (context, next) => {
      if (areEqual(getCookie(context, cookieName) ?? '', session)) return next();
      if (context.req.path.startsWith('/api/')) {
        return context.json({ kind: 'notLoggedIn', message: `not logged in; ${howToLogIn}` }, 401);
      }
      return context.text(`not logged in; ${howToLogIn}`, 401);
    },
  };
}

const howToLogIn = 'open the address that `serin ui` prints when it starts';

const entrance =
  '<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0;url=/"><title>serin</title>';

function randomSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** Compares in a time that says nothing of where they differ. */
function areEqual(a: string, b: string): boolean {
  const [first, second] = [a, b].map((text) => createHash('sha256').update(text).digest());
  return first !== undefined && second !== undefined && timingSafeEqual(first, second);
}
