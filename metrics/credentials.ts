/** User name and password as a header; what a file may have brought along at their ends is no part of them. */
export function basicHeader(username: string, password: string): { readonly authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${username.trim()}:${password.trim()}`).toString('base64')}` };
}

/** What must not be shown of a secret: its values, and how they stand in headers. */
export function shownNever(texts: Readonly<Record<string, string>>): readonly string[] {
  const { username = '', password = '' } = texts;
  const credentials = [`${username}:${password}`, `${username.trim()}:${password.trim()}`];
  const values = Object.values(texts);
  const encoded = [...values, ...credentials].map((value) => Buffer.from(value).toString('base64'));
  return [...values, ...encoded];
}
