/** What a condition may ask about the experiment, as iter8's `if` does. */
export interface WinnerFacts {
  readonly winnerFound: boolean;
  readonly candidateWon: boolean;
}

/** When a task runs: an expression over the experiment, parsed. */
export type IfExpression =
  | { readonly kind: 'call'; readonly name: FunctionName }
  | { readonly kind: 'constant'; readonly value: boolean }
  | { readonly kind: 'not'; readonly of: IfExpression }
  | { readonly kind: 'and' | 'or'; readonly left: IfExpression; readonly right: IfExpression };

/** A condition that was read, or what is wrong with it. */
export type IfExpressionReading =
  { readonly kind: 'ok'; readonly condition: IfExpression } | { readonly kind: 'invalid'; readonly problem: string };

/** The functions that iter8's conditions call, and their values. */
const functions = {
  WinnerFound: ({ winnerFound }) => winnerFound,
  CandidateWon: ({ candidateWon }) => candidateWon,
} as const satisfies Readonly<Record<string, (facts: WinnerFacts) => boolean>>;

type FunctionName = keyof typeof functions;

const listed = Object.keys(functions).map((name) => `${name}()`);
const expected = `${listed.join(', ')}, true, false, not, and, or, or parentheses`;

/** Deeper than any condition that a person writes. */
const deepest = 50;

/**
 * Reads `WinnerFound() and not CandidateWon()`; `&&`, `||`, `!` and parentheses too. `not` binds before `and`, `and` before
 * `or`. A problem names the word that does not fit, and its place, counted in characters from 1.
 */
export function parseIfExpression(text: string): IfExpressionReading {
  const words = splitWords(text);
  try {
    const [condition, rest] = readOr(words, 0);
    const [stray] = rest;
    if (stray !== undefined && stray.text !== '') throw unexpected(stray, 'and, or, or the end');
    return { kind: 'ok', condition };
  } catch (error) {
    if (!(error instanceof Misfit)) throw error;
    return { kind: 'invalid', problem: error.message };
  }
}

/** Evaluates a condition. */
export function holds(condition: IfExpression, facts: WinnerFacts): boolean {
  switch (condition.kind) {
    case 'call':
      return functions[condition.name](facts);
    case 'constant':
      return condition.value;
    case 'not':
      return !holds(condition.of, facts);
    case 'and':
      return holds(condition.left, facts) && holds(condition.right, facts);
    case 'or':
      return holds(condition.left, facts) || holds(condition.right, facts);
  }
}

class Misfit extends Error {}

interface Word {
  readonly text: string;
  readonly at: number;
}

type Words = readonly Word[];
type Read = readonly [IfExpression, Words];

/** The last word is empty: the end of the text. */
function splitWords(text: string): Words {
  const matches = [...text.matchAll(/&&|\|\||[!()]|\w+|[^\s]/g)];
  return [...matches.map(([word], index) => ({ text: word, at: (matches[index]?.index ?? 0) + 1 })), endWord(text)];
}

function endWord(text: string): Word {
  return { text: '', at: text.length + 1 };
}

function readOr(words: Words, depth: number): Read {
  return readChain(words, { kind: 'or', operators: ['or', '||'], read: (rest) => readAnd(rest, depth) });
}

function readAnd(words: Words, depth: number): Read {
  return readChain(words, { kind: 'and', operators: ['and', '&&'], read: (rest) => readNot(rest, depth) });
}

interface Chain {
  readonly kind: 'and' | 'or';
  readonly operators: readonly string[];
  readonly read: (words: Words) => Read;
}

function readChain(words: Words, { kind, operators, read }: Chain): Read {
  let [left, rest] = read(words);
  while (operators.includes(rest[0]?.text ?? '')) {
    const [right, after] = read(rest.slice(1));
    left = { kind, left, right };
    rest = after;
  }
  return [left, rest];
}

function readNot(words: Words, depth: number): Read {
  const [word, ...rest] = words;
  if (depth > deepest && word !== undefined) throw unexpected(word, 'fewer nested parentheses');
  if (word?.text !== 'not' && word?.text !== '!') return readOperand(words, depth);
  const [of, after] = readNot(rest, depth + 1);
  return [{ kind: 'not', of }, after];
}

function readOperand(words: Words, depth: number): Read {
  const [word = endWord(''), ...rest] = words;
  if (word.text === '(') {
    const [inner, after] = readOr(rest, depth + 1);
    return [inner, expectWord(after, ')')];
  }
  if (word.text === 'true' || word.text === 'false') return [{ kind: 'constant', value: word.text === 'true' }, rest];
  if (!isFunction(word.text)) throw unexpected(word, expected);
  return [{ kind: 'call', name: word.text }, expectWord(expectWord(rest, '('), ')')];
}

function isFunction(name: string): name is FunctionName {
  return Object.hasOwn(functions, name);
}

function expectWord(words: Words, text: string): Words {
  const [word = endWord(''), ...rest] = words;
  if (word.text !== text) throw unexpected(word, text);
  return rest;
}

function unexpected({ text, at }: Word, wanted: string): Misfit {
  return new Misfit(`${text === '' ? 'the end' : text} at character ${at}, where ${wanted} belongs`);
}
