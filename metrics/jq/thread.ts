import { parentPort } from 'node:worker_threads';
import { loadJq } from 'jq-wasm';

/** What is asked of the thread: an expression, and the text that it is applied to; no text only compiles it. */
export interface JqQuestion {
  readonly expression: string;
  readonly text: string;
}

/** What jq answered, as its own program would. */
export interface JqAnswer {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

const jq = await loadJq();

parentPort?.on('message', ({ expression, text }: JqQuestion) => {
  parentPort?.postMessage(jq.raw(text, expression, ['--compact-output']) satisfies JqAnswer);
});
