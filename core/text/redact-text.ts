/** Stands for what is not shown. */
export const mask = '***';

/** kubectl reports a patch that fails with the objects, each a line of JSON, and any of them may be a Secret. */
const sentObjects = /^.*\}$(?=\n+(?:(?:to|modified|current):$|for: ))|(?<=^(?:original|modified|current):\n)\{.*\}$/gm;

/** Who is named before the host of a URL, with or without a password; a token may stand there alone. */
const userinfo = /\b([a-z][a-z0-9+.-]{0,20}:\/\/)[^/\s?#"'<>]+@/gi;

/** A URL: as a whole, so that a text of many is read once. */
const url = /\b[a-z][a-z0-9+.-]{0,20}:\/\/[^\s"'<>`]+/gi;

/** The query of a path, and what a fragment hands over, by their names and values: there may be no host before them. */
const pathQuery = /(?<=[^\s?#"'<>`][?#])([\w.%[\]-]+=[^\s#"'<>`]*)/g;

/** What follows `Authorization` and a scheme. */
const header =
  /\b(authorization["']?\s*[:=]\s*["']?(?:bearer|basic|token|negotiate|ntlm|apikey|sharedkey)\s+)[^\s"',;]+/gi;

/** Schemes that say in pairs who asks, and prove it. */
const headerPairs =
  /\b(authorization["']?\s*[:=]\s*["']?(?:digest|hawk|aws4-hmac-sha256)\s+)[\w-]+=(?:"[^"]*"|[^\s,"']+)(?:,\s*[\w-]+=(?:"[^"]*"|[^\s,"']+))*/gi;

/** `Authorization` with a token alone, and headers that are named for what they carry. */
const tokenHeader =
  /\b((?:authorization|x-[\w-]{0,40}(?:key|token|secret|password|signature)|api-?key|private-token)["']?\s*:\s*["']?)([\w.~+/=-]{8,})(?![\w.~+/=-]|\s+\*{3})/gi;

/** Cookies, each a pair. */
const cookies = /\b((?:set-)?cookie["']?\s*:\s*["']?)[\w.-]+=[^\s;,"']*(?:;\s*[\w.-]+=[^\s;,"']*)*/gi;

/** What may be a token, after the name of its scheme. */
const schemeAndToken = /\b(bearer|basic)(\s+)([\w.~+/=-]{8,})/gi;

/** Unlike a word, a token has a digit, a sign, or a capital inside. */
const tokenSigns = /[\d~+/=_]|[a-z][A-Z]/;

/** A challenge, `Bearer realm="…"`, names no token. */
const challenge = /^(?:realm|scope|service|error|error_description)=/;

/**
 * Text without what stands in places of secrets: user and password of a URL, the values of its query, tokens after the name of their
 * scheme or header, cookies, and the objects that kubectl could not apply. Words stay: `basic credential not found`.
 */
export function redactText(text: string): string {
  return text
    .replaceAll(sentObjects, mask)
    .replaceAll(header, `$1${mask}`)
    .replaceAll(headerPairs, `$1${mask}`)
    .replaceAll(cookies, `$1${mask}`)
    .replaceAll(tokenHeader, (whole: string, name: string, word: string) =>
      tokenSigns.test(word) ? name + mask : whole,
    )
    .replaceAll(schemeAndToken, (whole: string, scheme: string, gap: string, word: string) =>
      tokenSigns.test(word) && !challenge.test(word) ? `${scheme}${gap}${mask}` : whole,
    )
    .replaceAll(userinfo, `$1${mask}@`)
    .replaceAll(url, redactUrl)
    .replaceAll(pathQuery, redactQuery);
}

function redactUrl(whole: string): string {
  const [address = '', ...rest] = whole.split('?');
  if (rest.length === 0 || address.includes('#')) return whole;
  const [values = '', ...fragment] = rest.join('?').split('#');
  return [`${address}?${redactQuery(values)}`, ...fragment].join('#');
}

function redactQuery(values: string): string {
  let end = values.length;
  while (end > 0 && closingMarks.includes(values.charAt(end - 1))) end -= 1;
  const pairs = values.slice(0, end).split('&');
  return pairs.map(redactPair).join('&') + values.slice(end);
}

/** What follows a URL in a sentence. */
const closingMarks = ':;,.)]';

function redactPair(pair: string): string {
  const sign = pair.indexOf('=');
  return sign < 0 ? mask : `${pair.slice(0, sign)}=${mask}`;
}
