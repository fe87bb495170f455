/** Stands for what is not shown. */
export const mask = '***';

/** kubectl reports a patch that fails with the objects, each a line of JSON, and any of them may be a Secret. */
const sentObjects = /^.*\}$(?=\n+(?:(?:to|modified|current):$|for: ))|(?<=^(?:original|modified|current):\n)\{.*\}$/gm;

/** Who is named before the host of a URL, with or without a password; a token may stand there alone. */
const userinfo = /\b([a-z][a-z0-9+.-]*:\/\/)[^/\s?#"'<>]+@/gi;

/** The query of a URL. */
const query = /\b([a-z][a-z0-9+.-]*:\/\/[^\s?#"'<>`]*\?)([^\s#"'<>`]+)/gi;

/** What follows `Authorization` and a scheme. */
const header = /\b(authorization["']?\s*[:=]\s*["']?(?:bearer|basic|token)\s+)[^\s"',;]+/gi;

/** What may be a token, after the name of its scheme. */
const schemeAndToken = /\b(bearer|basic)(\s+)([\w.~+/=-]{8,})/gi;

/** Unlike a word, a token has a digit, a sign, or a capital inside. */
const tokenSigns = /[\d~+/=_]|[a-z][A-Z]/;

/** A challenge, `Bearer realm="…"`, names no token. */
const challenge = /^(?:realm|scope|service|error|error_description)=/;

/**
 * Text without what stands in places of secrets: user and password of a URL, the values of its query, tokens after the name of their
 * scheme, and the objects that kubectl could not apply. Words stay: `basic credential not found`.
 */
export function redactText(text: string): string {
  return text
    .replaceAll(sentObjects, mask)
    .replaceAll(header, `$1${mask}`)
    .replaceAll(schemeAndToken, (whole: string, scheme: string, gap: string, word: string) =>
      tokenSigns.test(word) && !challenge.test(word) ? `${scheme}${gap}${mask}` : whole,
    )
    .replaceAll(userinfo, `$1${mask}@`)
    .replaceAll(query, (_, address: string, values: string) => address + redactQuery(values));
}

function redactQuery(values: string): string {
  const [, inner = '', end = ''] = /^(.*?)([:;,.)\]]*)$/s.exec(values) ?? [];
  const pairs = inner.split('&').map((pair) => (pair.includes('=') ? pair.replace(/=.*$/s, `=${mask}`) : mask));
  return pairs.join('&') + end;
}
