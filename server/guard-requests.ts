import type { Context, MiddlewareHandler } from 'hono';
import { secureHeaders } from 'hono/secure-headers';

/** Only what the server itself sends is run, shown or asked; nobody may put the page into a frame. */
export function pageHeaders({ scheme, hasForm }: PageOptions): MiddlewareHandler {
  return secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      imgSrc: ["'self'", 'data:'],
      connectSrc: ["'self'"],
      baseUri: ["'none'"],
      formAction: [hasForm ? "'self'" : "'none'"],
      frameAncestors: ["'none'"],
    },
    xFrameOptions: 'DENY',
    // Without a referrer a browser does not say either from where it sends a form.
    referrerPolicy: hasForm ? 'same-origin' : 'no-referrer',
    crossOriginOpenerPolicy: 'same-origin',
    crossOriginResourcePolicy: 'same-origin',
    strictTransportSecurity: scheme === 'https' ? 'max-age=31536000' : false,
  });
}

interface PageOptions {
  readonly scheme: Scheme;
  readonly hasForm: boolean;
}

/** How browsers reach the server: by themselves on loopback, else by TLS, which a proxy in front of it ends. */
export type Scheme = 'http' | 'https';

/** Refuses a request under another name than the server's own: a web site may let its name point to loopback. */
export function requireHost(hosts: () => readonly string[]): MiddlewareHandler {
  return async (context, next) => {
    const host = context.req.header('host') ?? '';
    if (hosts().includes(host)) return next();
    return context.text(`expected Host ${hosts().join(' or ')}, got ${host}`, 421);
  };
}

/** Refuses questions that another page of this machine asks in the person's name, and HEAD, which would open streams that nobody reads. */
export const requireSameOrigin: MiddlewareHandler = async (context, next) => {
  const { req } = context;
  if (req.method !== 'GET' && req.method !== 'POST') return context.text('expected GET or POST', 405);
  const from = req.header('sec-fetch-site') ?? 'same-origin';
  const isOwn = from === 'same-origin' || (from === 'none' && !req.path.startsWith('/api/'));
  if (isOwn || (!req.path.startsWith('/api/') && req.header('sec-fetch-mode') === 'navigate')) return next();
  return context.text(`expected a request of this page, got one of ${from}`, 403);
};

/**
 * Refuses what changes something unless the page itself asks: a browser tells where a request comes from, and no form sends JSON. A program that
 * sends a token of its own has no origin.
 */
export function requireOwnPage(scheme: Scheme): MiddlewareHandler {
  return async (context, next) => {
    const { req } = context;
    const own = ownOrigin(context, scheme);
    const isProgram = req.header('origin') === undefined && req.header('authorization') !== undefined;
    const isJson = req.header('content-type')?.startsWith('application/json') === true;
    if (isJson && (isProgram || req.header('origin') === own)) return next();
    return context.json({ kind: 'refused', message: `expected a request as JSON from ${own}` }, 403);
  };
}

/** Refuses a form that another page sends, as to log somebody in under a name that is not theirs. */
export function requireOwnForm(scheme: Scheme): MiddlewareHandler {
  return async (context, next) => {
    const own = ownOrigin(context, scheme);
    if (context.req.method === 'GET' || context.req.header('origin') === own) return next();
    return context.text(`expected a form of ${own}`, 403);
  };
}

function ownOrigin(context: Context, scheme: Scheme): string {
  return `${scheme}://${context.req.header('host') ?? ''}`;
}
