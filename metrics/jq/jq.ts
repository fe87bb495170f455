import { Worker } from 'node:worker_threads';
import type { JqAnswer, JqQuestion } from './thread.ts';

/** The number that an expression computes from a text, or why there is none. */
export type JqReading =
  { readonly kind: 'number'; readonly value: number } | { readonly kind: 'none'; readonly reason: string };

/** An expression that takes longer than this for one answer is taken to have no end. */
const defaultLimitMs = 5_000;

/** jq's exit code for an expression that cannot be compiled. */
const compileError = 3;

/** jq writes infinity as the largest number of JSON. */
const largest = 1.7976931348623157e308;

/** Applies a jq expression to JSON. Its first result must be a finite number. */
export async function evaluate(
  expression: string,
  text: string,
  { limitMs = defaultLimitMs }: { readonly limitMs?: number } = {},
): Promise<JqReading> {
  if (!isJson(text)) return none(`the answer is not JSON: ${excerpt(text)}`);
  const answer = await ask({ expression, text }, limitMs);
  if (answer === undefined) return none(`${quoted(expression)} has no end within ${limitMs / 1000} s`);
  const [first = ''] = answer.stdout.split('\n', 1);
  if (first === '') return none(`${quoted(expression)} has no result${complaintSuffix(answer)}`);
  const value: unknown = JSON.parse(first);
  if (typeof value === 'number' && Math.abs(value) < largest) return { kind: 'number', value };
  return none(`${quoted(expression)} gives ${excerpt(first)}, not a number`);
}

/** Why a jq expression cannot be compiled; undefined when it can. */
export async function compileProblem(expression: string): Promise<string | undefined> {
  const answer = await ask({ expression, text: '' }, defaultLimitMs);
  return answer?.exitCode === compileError ? firstComplaint(answer) : undefined;
}

/**
 * Evaluates in a thread of its own, which is terminated at the limit; undefined then. jq has loops without end, which
 * would block the thread of the caller.
 */
async function ask(question: JqQuestion, limitMs: number): Promise<JqAnswer | undefined> {
  const thread = new Worker(new URL('./thread.ts', import.meta.url));
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<JqAnswer | undefined>((resolve, reject) => {
      thread.once('message', resolve);
      thread.once('error', reject);
      timer = setTimeout(resolve, limitMs, undefined);
      thread.postMessage(question);
    });
  } finally {
    clearTimeout(timer);
    await thread.terminate();
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
