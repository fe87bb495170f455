import { parentPort } from 'node:worker_threads';

/** What a thread says of the question that it was sent. */
export type Reply =
  | { readonly kind: 'begun' }
  | { readonly kind: 'answered'; readonly answer: unknown }
  | { readonly kind: 'failed'; readonly error: unknown };

/** Answers the questions that `BoundedThreads` sends to this thread, one after the other. */
export function answerQuestions(answer: (question: unknown) => unknown): void {
  parentPort?.on('message', (question: unknown) => void replyTo(question, answer));
}

async function replyTo(question: unknown, answer: (question: unknown) => unknown): Promise<void> {
  const reply = (one: Reply): void => parentPort?.postMessage(one);
  reply({ kind: 'begun' });
  try {
    reply({ kind: 'answered', answer: await answer(question) });
  } catch (error) {
    reply({ kind: 'failed', error });
  }
}
