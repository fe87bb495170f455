import { loadJq } from 'jq-wasm';
import { answerQuestions } from '../../apart/answer-questions.ts';

/** A question to the process: an expression, and the text that it is applied to; an empty text only compiles it. */
export interface JqQuestion {
  readonly expression: string;
  readonly text: string;
}

/** The beginning of what jq's own program would print, and its exit code. */
export interface JqAnswer {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/** A number and the first line of a complaint fit into it. */
const shownCharacters = 1_000;

/** jq's own exit code for errors of the system. */
const outOfMemory = 2;

let jq = loadJq();

/** Applies an expression to a text. It is ended by the lack of memory alone, of which jq-wasm gives it 256 MiB. */
async function askJq({ expression, text }: JqQuestion): Promise<JqAnswer> {
  try {
    const { stdout, stderr, exitCode } = (await jq).raw(text, expression, ['--compact-output']);
    return { stdout: stdout.slice(0, shownCharacters), stderr: stderr.slice(0, shownCharacters), exitCode };
  } catch {
    // It ended in the middle of something.
    jq = loadJq();
    return { stdout: '', stderr: 'it takes more than 256 MiB of memory', exitCode: outOfMemory };
  }
}

// `ask` of `jq.ts` sends nothing else.
answerQuestions((question) => askJq(question as JqQuestion));
