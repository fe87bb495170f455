import { parentPort } from 'node:worker_threads';
import { loadJq } from 'jq-wasm';

/** A request to the thread: an expression, and the text that it is applied to; an empty text only compiles it. */
export interface JqQuestion {
  readonly expression: string;
  readonly text: string;
}

/** The answer of jq, as its own program would give it. */
export interface JqAnswer {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

const jq = await loadJq();

parentPort?.on('message', ({ expression, text }: JqQuestion) => {
  parentPort?.postMessage(jq.raw(text, expression, ['--compact-output']) satisfies JqAnswer);
});
