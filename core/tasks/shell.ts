const shells: ReadonlySet<string> = new Set(['sh', 'bash', 'dash', 'ksh', 'zsh', 'ash']);

/** Whether the command, by name or path, reads its arguments as a script. */
export function isShell(command: string): boolean {
  return shells.has(command.slice(command.lastIndexOf('/') + 1));
}

/** Characters that no shell interprets, quoted or not. */
export const shellSafeCharacters = 'letters, digits and _@%+=:,./-';

/** Whether no shell interprets any character of the value, wherever it is in a script. */
export function isShellSafe(value: string): boolean {
  return /^[\w@%+=:,./-]*$/.test(value);
}

/** Whether the character at `index` of a bash script stands inside single quotes, where nothing is expanded. */
export function isInSingleQuotes(script: string, index: number): boolean {
  // Comments, escapes, double-quoted and single-quoted text, as far as they begin before the place.
  const before = script.slice(0, index);
  const token = /(?<=^|\s)#[^\n]*|\\[^]|"(?:\\[^]|[^"\\])*"?|'[^']*'?|[^]/g;
  const last = [...before.matchAll(token)].at(-1)?.[0] ?? '';
  return last.startsWith("'") && (last.length === 1 || !last.endsWith("'"));
}
