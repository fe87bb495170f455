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

/** Says of the characters of a bash script, by their index, whether they stand inside single quotes, where nothing is expanded. */
export function singleQuotes(script: string): (index: number) => boolean {
  // Comments, escapes, double-quoted and single-quoted text, and every other character.
  const token = /(?<=^|\s)#[^\n]*|\\[^]|"(?:\\[^]|[^"\\])*"?|'[^']*'?|[^]/g;
  const quoted = [...script.matchAll(token)].flatMap(({ 0: text, index }) => {
    if (!text.startsWith("'")) return [];
    const isClosed = text.length > 1 && text.endsWith("'");
    return [{ from: index + 1, to: index + text.length - (isClosed ? 1 : 0) }];
  });
  const inside = new Set(
    quoted.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, offset) => from + offset)),
  );
  return (index) => inside.has(index);
}
