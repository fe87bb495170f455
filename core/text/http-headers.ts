/**
 * Headers that are not a manifest's to set: those of one connection (RFC 9110, 7.6.1), those by which a server tells its sites and
 * its users apart, and those that say how long a body is.
 */
const refused: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'cookie',
  'expect',
  'forwarded',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
]);

/** Why a manifest may not set the header; undefined when it may. */
export function headerProblem(name: string): string | undefined {
  if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) return `${JSON.stringify(name)} is no name of a header`;
  return refused.has(name.toLowerCase()) ? `the header ${name} is not a manifest's to set` : undefined;
}
