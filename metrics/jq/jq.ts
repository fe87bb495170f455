import { BoundedProcesses, LimitExceeded } from '../../apart/bounded-processes.ts';
import { siblingModule } from '../../core/text/sibling-module.ts';
import type { JqAnswer, JqQuestion } from './script.ts';

/** The number that an expression computes from a text, or why there is none. */
export type JqReading =
  { readonly kind: 'number'; readonly value: number } | { readonly kind: 'none'; readonly reason: string };

/** An expression that takes longer than their limit for one answer is taken to have no end. */
const processes = new BoundedProcesses(new URL(siblingModule(import.meta.url, './script')), {
  processes: 2,
  limitMs: 5_000,
  heapMiB: 128,
  // Longer than most intervals.
  idleMs: 180_000,
});

/** jq's exit code for an expression that cannot be compiled. */
const compileError = 3;

/** jq writes infinity as the largest number of JSON. */
const largest = 1.7976931348623157e308;

/** JSON's form of a number. */
const numberPattern = /^-?\d[\d.eE+-]*$/;

/** Applies a jq expression to JSON. Its first result must be a finite number. */
export async function evaluate(expression: string, text: string): Promise<JqReading> {
  if (!isJson(text)) return none(`the answer is not JSON: ${excerpt(text)}`);
  // What comes after the first result is not computed. A comment at the expression's end may not hide the bracket.
  const answer = await ask({ expression: `first(${expression}\n)`, text });
  if (answer instanceof LimitExceeded) return none(`${quoted(expression)} has no result: ${answer.message}`);
  const [first = ''] = answer.stdout.split('\n', 1);
  if (first === '') return none(`${quoted(expression)} has no result${complaintSuffix(answer)}`);
  const value = numberPattern.test(first) ? Number(first) : Number.NaN;
  if (Math.abs(value) < largest) return { kind: 'number', value };
  return none(`${quoted(expression)} gives ${excerpt(first)}, not a number`);
}

/** Why a jq expression cannot be compiled; undefined when it can. */
export async function compileProblem(expression: string): Promise<string | undefined> {
  const answer = await ask({ expression, text: '' });
  if (answer instanceof LimitExceeded) return answer.message;
  return answer.exitCode === compileError ? firstComplaint(answer) : undefined;
}

/** jq has loops without end, which would block the caller. */
async function ask(question: JqQuestion): Promise<JqAnswer | LimitExceeded> {
  try {
    return (await processes.ask(question)) as JqAnswer;
  } catch (error) {
    if (error instanceof LimitExceeded) return error;
    throw error;
  }
}

function none(reason: string): JqReading {
  return { kind: 'none', reason };
}

function complaintSuffix(answer: JqAnswer): string {
  const complaint = firstComplaint(answer);
  return complaint === '' ? '' : `: ${complaint}`;
}

/** The first error without its prefix `jq: error (at /dev/stdin:0):`: the place is not one that the user has written. */
function firstComplaint({ stderr }: JqAnswer): string {
  const [first = ''] = stderr.split('\n', 1);
  return first
    .replace(/^jq: error(?: \(at [^)]*\))?: /, '')
    .replace(/ at <top-level>, line 1, column (\d+):?$/, ' at column $1');
}

function quoted(expression: string): string {
  return `jq expression ${JSON.stringify(excerpt(expression))}`;
}

function excerpt(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 80 ? `${line.slice(0, 80)}…` : line || 'nothing';
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
