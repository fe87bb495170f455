import { mask, redactText } from '../text/redact-text.ts';

/** Flags whose value may be a secret: helm's values and credentials, and what other programs call a secret. */
const secretFlag =
  /^--?(?:set|set-string|set-json|set-literal|(?:[\w-]*-)?(?:password|passphrase|token|secret|credentials?|api-?key))$/i;

/** The fewest characters of a secret that is hidden: shorter ones are words that also occur elsewhere. */
const shortestSecret = 4;

/** Each is looked for in the whole text; a key with its chain of certificates has some hundred. */
const mostForms = 500;

/** More of a command is cut off: it is a part of messages, which a workflow's history keeps. */
const longestCommand = 4_000;

/** Formats a command for people, secrets hidden, cut to 4,000 characters: `helm upgrade app chart --set ***`. */
export function formatCommand(command: string, args: readonly string[]): string {
  const words = [command, ...redactArgs(args)].map((word) => (/\s/.test(word) ? JSON.stringify(word) : word));
  const text = words.join(' ');
  return text.length > longestCommand ? `${text.slice(0, longestCommand)}…` : text;
}

/** The arguments without the values of secret flags and without credentials in URLs. */
export function redactArgs(args: readonly string[]): readonly string[] {
  return args.map((word, index) => {
    const { name, value } = splitFlag(word);
    if (value !== undefined && secretFlag.test(name)) return `${name}=${mask}`;
    return secretFlag.test(args[index - 1] ?? '') ? mask : redactText(word);
  });
}

/** Output without bearer tokens, credentials in URLs, and the values that the arguments mark as secret. */
export function redactOutput(output: string, args: readonly string[]): string {
  const secrets = secretValues(args).toSorted((a, b) => b.length - a.length);
  return redactText(secrets.reduce((text, secret) => text.replaceAll(secret, mask), output));
}

/**
 * Text without the values of a secret, as a whole or line by line, also as URLs and JSON write them. Do it before anything is
 * cut off the text: a part of a value is not recognized. Of a secret with very many lines nothing of the text is shown.
 */
export function redactValues(text: string, secrets: readonly string[]): string {
  const forms = new Set(secrets.flatMap(secretForms).filter((form) => form.length >= shortestSecret));
  if (forms.size > mostForms) return text === '' ? text : mask;
  const longest = [...forms].toSorted((a, b) => b.length - a.length);
  return longest.reduce((shown, form) => shown.replaceAll(form, mask), text);
}

function secretForms(secret: string): readonly string[] {
  const lines = secret.split('\n').map((line) => line.trim());
  const written = [secret, secret.trim(), ...lines];
  return written.flatMap((value) => [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1)]);
}

/** `--set a=x,b=y` hides both values; a credential is hidden as a whole. */
function secretValues(args: readonly string[]): readonly string[] {
  const values = args.flatMap((word, index) => {
    const { name, value } = splitFlag(word);
    if (value !== undefined && secretFlag.test(name)) return [value];
    return secretFlag.test(args[index - 1] ?? '') ? [word] : [];
  });
  const parts = values.flatMap((value) => [
    value,
    ...value.split(/,(?=[^,=]*=)/).map((part) => part.replace(/^[^=]*=/, '')),
  ]);
  return parts.filter((part) => part.length >= shortestSecret);
}

function splitFlag(word: string): { name: string; value?: string } {
  const match = /^(--?[\w-]+)=(.*)$/s.exec(word);
  return match?.[1] === undefined ? { name: word } : { name: match[1], value: match[2] ?? '' };
}
