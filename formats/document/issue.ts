/** Keys and indexes that lead from a document's root to a value. */
export type Path = readonly (string | number)[];

/** A mistake in a file, or an oddity that was repaired: where it is, what belongs there, what is there instead. */
export interface Issue {
  readonly file: string;
  /** From 1; absent where the document was not read from text. */
  readonly line?: number;
  readonly column?: number;
  /** `spec.criteria.objectives[0].upperLimit` */
  readonly path: string;
  readonly expected: string;
  readonly got: string;
}

/** `file:line:column path: expected …, got …` */
export function formatIssue({ file, line, column, path, expected, got }: Issue): string {
  const place = line === undefined ? file : `${file}:${line}:${column ?? 1}`;
  return `${place} ${path}: expected ${expected}, got ${got}`;
}

/** The path as messages show it: `spec.criteria.objectives[0].upperLimit`. */
export function formatPath(path: Path): string {
  const text = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${quoteKey(step)}`)).join('');
  return text.replace(/^\./, '') || '(document)';
}

/** Quotes a key such as `serin.dev/approval`, which would otherwise read as several steps. */
function quoteKey(key: string): string {
  return /^[\w-]+$/.test(key) ? key : `"${key}"`;
}

/** A value as a message shows it: short, and recognisable in the file. */
export function showValue(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object') return 'a mapping';
  const text = typeof value === 'number' || typeof value === 'bigint' ? String(value) : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
