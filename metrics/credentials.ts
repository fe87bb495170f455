/** Basic authentication as a header; white space at the ends of user name and password, as files have it, is dropped. */
export function basicHeader(username: string, password: string): { readonly authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${username.trim()}:${password.trim()}`).toString('base64')}` };
}

/** What must not be shown of a secret: its values, and their encodings in headers. */
export function shownNever(texts: Readonly<Record<string, string>>): readonly string[] {
  const { username = '', password = '' } = texts;
  const credentials = [`${username}:${password}`, `${username.trim()}:${password.trim()}`];
  const values = Object.values(texts);
  const encoded = [...values, ...credentials].map((value) => Buffer.from(value).toString('base64'));
  return [...values, ...encoded];
}
