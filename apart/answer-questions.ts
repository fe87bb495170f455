import { Worker } from 'node:worker_threads';

/** What a process says of the question that it was sent. */
export type Reply =
  | { readonly kind: 'begun' }
  | { readonly kind: 'answered'; readonly answer: unknown }
  | { readonly kind: 'failed'; readonly error: unknown };

/** Ends the process when the one that asks it is gone, also while an answer has no end. */
const watch = `
const parent = process.ppid;
setInterval(() => process.ppid === parent || process.kill(process.pid, 'SIGKILL'), 1000);
`;

/** Answers the questions that `BoundedProcesses` sends to this process, one after the other. */
export function answerQuestions(answer: (question: unknown) => unknown): void {
  new Worker(watch, { eval: true }).unref();
  process.on('disconnect', () => process.exit());
  process.on('message', ({ question }: { readonly question: unknown }) => void replyTo(question, answer));
}

async function replyTo(question: unknown, answer: (question: unknown) => unknown): Promise<void> {
  const reply = (one: Reply): void => void process.send?.(one);
  reply({ kind: 'begun' });
  try {
    reply({ kind: 'answered', answer: await answer(question) });
  } catch (error) {
    reply({ kind: 'failed', error });
  }
}
