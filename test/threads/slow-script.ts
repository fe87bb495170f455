/** What a script of `BoundedThreads` may do wrong, for `bounded-threads.test.ts`. */
import { answerQuestions } from '../../threads/answer-questions.ts';

const answers = {
  hello: () => 'hello',
  fail: () => {
    throw new TypeError('no such thing');
  },
  loop: () => {
    for (;;);
  },
  fill: () => {
    const all: unknown[] = [];
    for (;;) all.push({ number: all.length });
  },
  exit: () => process.exit(3),
};

export type SlowQuestion = keyof typeof answers;

answerQuestions((question) => answers[question as SlowQuestion]());
